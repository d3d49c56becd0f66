"""Send the mail that is due, in batches; each message keeps its own state, so a run that dies loses none."""

import time
from typing import Final

from prefect import flow

from app.channels import email
from flows import taking

LINGER_SECONDS: Final = 2.0  # more is often on its way, and another run costs as much as many mails
LOOK_SECONDS: Final = 0.4
MOST_SECONDS: Final = 40.0


@flow(name="send_messages")
def send_messages() -> int:
    """Send what is due; what a server did not take comes back by itself. Returns how many were sent."""
    sent, began = 0, time.monotonic()
    last = began
    while True:
        now = email.send_due().sent
        sent, last = sent + now, time.monotonic() if now else last
        is_over = time.monotonic() - last > LINGER_SECONDS or time.monotonic() - began > MOST_SECONDS
        if is_over or not sent or taking.stopping.wait(LOOK_SECONDS):
            return sent
