"""Records whose history is played under two policies at once, so that their clocks can be compared (desk sla what-if)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock_store
from app.models.records import Record
from app.rules import clocks, situations, what_if
from app.rules.lifecycle import RecordKind
from app.rules.sla import Agreement
from app.rules.what_if import Compared

BATCH: Final = 500


def how_many(session: Session, policies: Sequence[Agreement], since: datetime) -> int:
    """Return how many records were opened since then on which either policy has a clock."""
    return session.scalar(select(func.count()).where(Record.kind.in_(_kinds(policies)), Record.opened_at >= since)) or 0


def compared(session: Session, now_: Agreement, other: Agreement, since: datetime, now: datetime, after: int = 0) -> tuple[list[Compared], int, int]:
    """Return the clocks of the next records by id, how many records these are and the last id; nothing more: 0 records."""
    query = select(Record.id, Record.number, Record.kind, Record.opened_at, Record.requester_id, Record.beneficiary_id)
    query = query.where(Record.kind.in_(_kinds((now_, other))), Record.opened_at >= since, Record.id > after).order_by(Record.id).limit(BATCH)
    records = session.execute(query).all()
    histories = clock_store.histories(session, records)
    found = [each for row in records for each in _of(row, histories[row.id], now_, other, now)]
    return found, len(records), records[-1].id if records else after


def _of(row: Any, history: situations.History, now_: Agreement, other: Agreement, now: datetime) -> Iterator[Compared]:
    seen = situations.situations(history)
    both = (clocks.of_situations(policy, seen, now) for policy in (now_, other))
    return what_if.compare(row.number, seen[-1].facts.priority, *both)


def _kinds(policies: Sequence[Agreement]) -> set[RecordKind]:
    return {RecordKind(kind) for policy in policies for each in policy.definitions for kind in each.kinds}
