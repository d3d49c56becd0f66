"""Send the mail that is due, in batches; each message keeps its own state, so a run that dies loses none."""

from prefect import flow

from app.channels import email


@flow(name="send_messages")
def send_messages() -> int:
    """Send what is due; what a server did not take comes back by itself. Returns how many were sent."""
    return email.send_due().sent
