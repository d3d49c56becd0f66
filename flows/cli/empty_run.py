"""A flow that does nothing: what a run costs before any work of ours (`desk bench fulfil`)."""

from prefect import flow


@flow(name="empty_run")
def empty_run(deliveries: list[str]) -> int:
    """Do nothing, with the parameters and the result of a real one."""
    return len(deliveries)
