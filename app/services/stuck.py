"""Work and mail that were given up, tried anew at an administrator's word."""

from collections.abc import Sequence

from app.services import deliveries, outbox
from app.unit_of_work import UnitOfWork


def redrive(uow: UnitOfWork, work: Sequence[int], mail: Sequence[int]) -> int:
    """Try these deliveries and messages as if they had never failed; return how many there were."""
    uow.check("queue.redrive")
    count = deliveries.redrive(uow.session, work) + outbox.redrive(uow.session, mail)
    if count:
        uow.record_event("queue", "queue.redrive", after={"deliveries": sorted(work), "messages": sorted(mail)})
    return count
