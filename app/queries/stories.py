"""What events alone tell of each record: the other way to every number of a report (desk verify --reports).

Nothing here reads what tables hold of a record's state, clocks or steps: only its events, and what never changes of it
(kind, number, when it was opened, for whom).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock_store, sla
from app.models.events import Event
from app.models.records import Record
from app.rules import clocks, lifecycle
from app.rules.clocks import Clock
from app.rules.lifecycle import RecordKind

BATCH: Final = 500
KINDS: Final = (RecordKind.INCIDENT, RecordKind.REQUEST, RecordKind.ITEM)
BIRTHS: Final = {"create", "replay"}
ENDS: Final = {"resolve": "resolved_at", "close": "closed_at", "cancel": "closed_at"}


@dataclass
class Story:
    """One record as its events tell it, up to now."""

    id: int
    number: str
    kind: RecordKind
    opened_at: datetime
    requester: int | None
    service: str | None
    state: str = ""
    told: dict[str, Any] = field(default_factory=dict)  # priority, team, category, channel: as said last
    states: list[tuple[datetime, str]] = field(default_factory=list)  # also those that were taken back
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    reopenings: int = 0
    handovers: int = 0
    contacts: int = 0
    steps: list[Mapping[str, Any]] = field(default_factory=list)  # of ladders
    clocks: list[Clock] = field(default_factory=list)
    worked: dict[int, int] = field(default_factory=dict)  # minutes by time entry
    asked_at: datetime | None = None  # how it went
    answer: Mapping[str, Any] | None = None

    def state_at(self, at: datetime) -> str | None:
        """Return its state at an instant; None: it was not there yet."""
        return next((state for when, state in reversed(self.states) if when <= at), None)

    def splits(self) -> dict[str, Any]:
        """Return what reports split by."""
        return {"priority": self.told.get("priority"), "team": self.told.get("team"), "category": self.told.get("category"),
                "channel": self.told.get("channel"), "service": self.service}  # fmt: skip


def stories(session: Session, now: datetime) -> Iterator[Story]:
    """Yield the story of every incident, request and item, by id; their clocks as they are now."""
    last, agreed = 0, sla.agreement()
    columns = Record.id, Record.number, Record.kind, Record.opened_at, Record.requester_id, Record.beneficiary_id, Record.service
    while rows := session.execute(select(*columns).where(Record.kind.in_(KINDS), Record.id > last).order_by(Record.id).limit(BATCH)).all():
        last = rows[-1].id
        events = session.execute(
            select(Event.record_id, Event.seq, Event.at, Event.name, Event.before, Event.after).where(Event.record_id.in_([row.id for row in rows]))
            .order_by(Event.record_id, Event.seq))  # fmt: skip
        told = {id_: list(group) for id_, group in groupby(events, key=lambda event: event.record_id)}
        histories = clock_store.histories(session, rows)
        for row in rows:
            story = Story(row.id, row.number, row.kind, row.opened_at, row.requester_id, row.service, state=clock_store.BORN.get(row.kind, "new"))
            _tell(story, told.get(row.id, []))
            story.clocks = clocks.clocks(agreed, histories[row.id], now)
            yield story


def _tell(story: Story, events: Sequence[Any]) -> None:
    undone = {event.after["undone"] for event in events if "undone" in event.after}
    for event in events:
        if "state" in event.after:
            story.states.append((event.at, event.after["state"]))
        if event.seq not in undone and "undone" not in event.after:
            _step(story, event)


def _step(story: Story, event: Any) -> None:
    after, before, verb = event.after, event.before, event.name.partition(".")[2]
    if "state" in after:
        story.reopenings += lifecycle.is_reopening(before.get("state"), after["state"])
        story.state = after["state"]
    if event.seq > 1 and before.get("team") is not None and after.get("team") is not None:
        story.handovers += 1
    said = ("priority", "team", "category", "channel") if verb in BIRTHS else ("priority", "team", "category")  # a call has a channel of its own
    story.told |= {key: after[key] for key in said if key in after}
    if verb in ENDS:
        setattr(story, ENDS[verb], event.at)
    elif verb == "reopen":
        story.resolved_at = story.closed_at = None
    for key in ("resolved_at", "closed_at"):  # history that was played says when it was
        if key in after:
            setattr(story, key, datetime.fromisoformat(after[key]) if after[key] else None)
    is_contact = (verb == "reply" and after.get("inside", True)) or verb == "call" or (verb == "hold" and after.get("hold_reason") == "caller")
    story.contacts += is_contact
    if verb in {"log_time", "correct_time"}:
        story.worked[after["entry"]] = after["minutes"]
    if verb == "remove_time":
        story.worked.pop(after["entry"], None)
    if verb == "ask_survey":
        story.asked_at = event.at
    if verb == "survey":
        story.answer = after
    if verb == "threshold":
        story.steps.append({"at": event.at, "due": datetime.fromisoformat(after["due"]), "clock": after["clock"], "percent": after["percent"]})
