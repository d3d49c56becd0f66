"""Read the streams of events one after another and say where a chain, a reference or a transition is broken.

Pure: rows in, findings out. It never stops at a fault, so that one tampered row does not hide another.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from json import loads
from typing import Any, Final, NamedTuple

from app.rules import audit, lifecycle, undo
from app.rules.lifecycle import Action, RecordKind

REPLAY: Final = Action.REPLAY.value  # may go from any state to any state (domain.md 11)
_ACTIONS: Final = {action.value: action for action in Action}


@dataclass(frozen=True)
class Finding:
    """One broken promise: which invariant of faults.md, which row, and what is wrong with it in plain words."""

    invariant: str
    row: str
    text: str


class Entry(NamedTuple):
    """One event as the database holds it now, beside the head of its stream and the record it belongs to."""

    id: int
    stream: str
    seq: int
    name: str
    actor: str
    actor_id: int | None
    at: datetime
    before: str
    after: str
    note_digest: str | None
    previous: bytes
    hash: bytes
    record_id: int | None
    head_seq: int | None
    head_hash: bytes | None
    stream_record_id: int | None
    kind: str | None
    state: str | None
    stored_note_digest: str | None


class Progress:
    """How far the reader is in one stream."""

    __slots__ = ("previous", "seq", "state", "was")

    def __init__(self) -> None:
        """Stand before the first event."""
        self.seq = 0
        self.previous = audit.GENESIS
        self.state: str | None = None
        self.was: str | None = None  # before the last change of it, which alone can be taken back, once


def faults(entries: Iterable[Entry]) -> Iterator[Finding]:
    """Yield what is broken; the entries come stream by stream, each stream in the order of its numbers."""
    at, last = Progress(), None
    for entry in entries:
        if last is None or entry.stream != last.stream:
            if last is not None:
                yield from _ended(last, at)
            at = Progress()
        before, after = loads(entry.before), loads(entry.after)
        yield from _chain(entry, at, before, after)
        yield from _references(entry)
        if entry.kind is not None:
            yield from _transition(entry, at, before, after)
        at.seq, at.previous = entry.seq, bytes(entry.hash)
        last = entry
    if last is not None:
        yield from _ended(last, at)


def row_of(entry: Entry) -> str:
    """Return how a person finds this event."""
    return f"event {entry.id} ({entry.stream}, no. {entry.seq})"


def _chain(entry: Entry, at: Progress, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Finding]:
    if entry.seq != at.seq + 1:
        said = f"{entry.stream} goes from event no. {at.seq} to no. {entry.seq}: what was between is gone."
        yield Finding("I4", row_of(entry), said if at.seq else f"{entry.stream} begins with event no. {entry.seq}, not 1.")
    previous = bytes(entry.previous)
    if previous != at.previous:
        yield Finding("I4", row_of(entry), f"It does not follow event no. {at.seq} of {entry.stream}: one of both was changed.")
    found = audit.event_hash(
        previous, stream=entry.stream, seq=entry.seq, name=entry.name, actor=entry.actor, at=entry.at,
        before=before, after=after, note_digest=entry.note_digest,
    )  # fmt: skip
    if found != entry.hash:
        yield Finding("I4", row_of(entry), "It was changed after it was written: its hash does not fit what it says.")


def _references(entry: Entry) -> Iterator[Finding]:
    """Columns that the hash does not cover must agree with those it does."""
    if entry.actor_id is not None and entry.actor != f"people:{entry.actor_id}":
        yield Finding("I4", row_of(entry), f"It names person {entry.actor_id} as the actor, and was written by {entry.actor}.")
    if entry.actor_id is None and entry.actor.startswith("people:"):
        yield Finding("I4", row_of(entry), f"It was written by {entry.actor}, and no longer names a person.")
    if entry.record_id != entry.stream_record_id:
        yield Finding("I4", row_of(entry), f"It points to record {entry.record_id}, which is not {entry.stream}.")
    if entry.note_digest != entry.stored_note_digest:
        yield Finding("I4", row_of(entry), "The note it names is not the one it was written with.")


def _transition(entry: Entry, at: Progress, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Finding]:
    """Replay the record's life: every change of state follows a row of MOVES, from the state it was in."""
    kind, _, name = entry.name.partition(".")
    if at.seq == 0 and name not in {"create", REPLAY}:
        yield Finding("I8", row_of(entry), f"The life of {entry.stream} begins with {entry.name}, not with its creation.")
    if name == REPLAY and entry.actor != "importer":
        yield Finding("I8", row_of(entry), f"It plays history, which only the importer may; it is by {entry.actor}.")
    if name == REPLAY and before.get("state") != at.state:
        yield Finding("I8", row_of(entry), f"It leaves the state {before.get('state')}, but {entry.stream} was {at.state}.")
    if name == "create" or name == REPLAY:
        at.state, at.was = after.get("state"), None
        return
    action = _ACTIONS.get(name)
    if action is None or kind != entry.kind or "state" not in before or "state" not in after:
        return
    legal = lifecycle.target(RecordKind(kind), action, before["state"])
    if action is Action.UNDO and undo.undoes(RecordKind(kind), before["state"], at.was):
        legal = at.was
    if before["state"] != at.state:
        yield Finding("I8", row_of(entry), f"It leaves the state {before['state']}, but {entry.stream} was {at.state}.")
    if after["state"] != legal:
        yield Finding("I8", row_of(entry), f"{entry.name} does not lead from {before['state']} to {after['state']}.")
    at.state, at.was = after["state"], None if action is Action.UNDO else before["state"]


def _ended(last: Entry, at: Progress) -> Iterator[Finding]:
    if last.head_seq is None:
        yield Finding("I4", f"stream {last.stream}", f"{last.stream} has {at.seq} events and no head: its head was deleted.")
    elif last.head_seq > at.seq:
        missing = f"no. {at.seq + 1}" if last.head_seq == at.seq + 1 else f"no. {at.seq + 1} to {last.head_seq}"
        yield Finding("I4", f"stream {last.stream}", f"{last.stream} ends with event no. {at.seq}; {missing} was cut off.")
    elif last.head_seq < at.seq or last.head_hash != last.hash:
        yield Finding("I4", row_of(last), f"The head of {last.stream} (no. {last.head_seq}) knows nothing of this event.")
    if last.kind is not None and at.state != last.state:
        text = f"{last.stream} is {last.state}, but its events leave it {at.state}: a state was changed without an event."
        yield Finding("I8", f"record {last.stream}", text)
