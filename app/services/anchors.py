"""Hourly anchors over all events, in a table and in a file that only grows (architecture.md, Database).

An anchor is a running digest over the id and hash of every event up to `last_event_id`, so a tail that somebody cut,
and the head of the stream with it, no longer fits. Copy the file to where nobody who may write the database may write.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy import func, select, text

from app import database
from app.models.events import Anchor, Event
from app.rules.chains import Finding
from app.rules.errors import Unavailable
from app.rules.words import t
from app.settings import settings
from app.unit_of_work import UnitOfWork

START: Final = bytes(32)
STORED: Final = "select id, at, events, last_event_id, digest from anchors order by id"
HASHES: Final = "select id, hash from events order by id"
NEWEST: Final = "select coalesce(max(id), 0), pg_snapshot_xmax(pg_current_snapshot())::text from events"
ENDED: Final = "select pg_snapshot_xmin(pg_current_snapshot()) >= cast(:horizon as xid8)"
AT_ONCE: Final = 10_000
PATIENCE_SECONDS: Final = 60.0
ASK_SECONDS: Final = 0.05


class Kept(NamedTuple):
    """An anchor as the table holds it."""

    id: int
    at: datetime
    events: int
    last_event_id: int
    digest: bytes


def anchor(uow: UnitOfWork) -> Anchor | None:
    """Anchor what has happened since the last anchor; None when nothing has. `publish` it after the commit."""
    last = uow.session.scalars(select(Anchor).order_by(Anchor.id.desc()).limit(1)).one_or_none()
    since = last.last_event_id if last else 0
    until = _settled()
    fresh = select(Event.id, Event.hash).where(Event.id > since, Event.id <= until).order_by(Event.id)
    running, count = hashlib.sha256(last.digest if last else START), 0
    for id_, digest in uow.session.execute(fresh.execution_options(yield_per=AT_ONCE)):
        _add(running, id_, digest)
        count += 1
    if not count:
        return None
    made = Anchor(
        at=uow.session.scalars(select(func.clock_timestamp())).one(), events=(last.events if last else 0) + count,
        last_event_id=until, digest=running.digest(),
    )  # fmt: skip
    uow.session.add(made)
    uow.session.flush()
    return made


def publish(made: Anchor) -> None:
    """Add the anchor to the file of this machine."""
    line = {"id": made.id, "at": made.at.isoformat(), "events": made.events, "last_event_id": made.last_event_id,
            "digest": bytes(made.digest).hex()}  # fmt: skip
    path().parent.mkdir(parents=True, exist_ok=True)
    with path().open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())


def published() -> tuple[dict[int, dict[str, Any]], str]:
    """Return the anchors of this machine's file by id, and a warning when there is no file."""
    if not path().exists():
        return {}, f"No file of anchors here ({path().name}): a cut tail shows against the table only."
    lines = [json.loads(line) for line in path().read_text("utf-8").splitlines() if line.strip()]
    return {line["id"]: line for line in lines}, ""


def path() -> Path:
    """Return where the file is."""
    return settings().data_dir / "audit" / "anchors.jsonl"


def faults(stored: Sequence[Kept], hashes: Iterable[tuple[Any, ...]]) -> Iterator[Finding]:
    """Say which anchor no longer fits the events; `hashes` are (id, hash) of all of them, by id."""
    rows = iter(hashes)
    row = next(rows, None)
    digest, count, since = START, 0, 0
    for kept in stored:
        running = hashlib.sha256(digest)
        while row is not None and row[0] <= kept.last_event_id:
            _add(running, *row)
            count += 1
            row = next(rows, None)
        digest = bytes(kept.digest)  # so that one that is broken does not break those after it
        if count != kept.events or running.digest() != digest:
            said = f"Between event {since + 1} and event {kept.last_event_id} "
            change = kept.events - count
            said += f"{change} are gone." if change > 0 else f"{-change} were put in." if change else "one was changed."
            yield Finding("I4", f"anchor {kept.id} ({kept.at:%Y-%m-%d %H:%M} UTC)", said)
            count = kept.events
        since = kept.last_event_id


def unlike(stored: Sequence[Kept], lines: dict[int, dict[str, Any]]) -> Iterator[Finding]:
    """Say which anchors of the file the table no longer holds, or holds otherwise."""
    table = {kept.id: kept for kept in stored}
    for id_, line in lines.items():
        kept = table.get(id_)
        if kept is None:
            yield Finding("I4", f"anchor {id_}", f"The file of anchors has anchor {id_}; the table has lost it.")
        elif (bytes(kept.digest).hex(), kept.events, kept.last_event_id) != (line["digest"], line["events"], line["last_event_id"]):
            yield Finding("I4", f"anchor {id_}", f"Anchor {id_} in the table is not the one in the file.")


def _settled() -> int:
    """Return the newest event below which nothing can still come in.

    Ids are drawn before they are committed. Whoever draws one has written another row before it (a record, or the head
    of a stream), so once all transactions of this moment have ended, every id up to the newest is there or lost for ever.
    """
    with database.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        newest, horizon = connection.execute(text(NEWEST)).one()
        for _ in range(int(PATIENCE_SECONDS / ASK_SECONDS)):
            if connection.execute(text(ENDED), {"horizon": horizon}).scalar_one():
                return int(newest)
            time.sleep(ASK_SECONDS)
    raise Unavailable(t("A transaction does not end; the audit is anchored next time."))


def _add(running: Any, id_: int, digest: bytes) -> None:
    running.update(id_.to_bytes(8, "big"))
    running.update(digest)
