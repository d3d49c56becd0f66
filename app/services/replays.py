"""Play another desk's history of incidents through `records.move`, line by line, in the importer's name (domain.md 11).

A record's lines are played in the order of the file. How far it is, and a digest over what was played, is written in
the same transaction: whoever is killed goes on where it stopped, and a second run adds nothing.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import select

from app.closure import closing
from app.models.assets import Affected
from app.models.imports import Imported, Replay
from app.models.incidents import Incident
from app.models.records import Link, Record
from app.rules import audit, incidents, lifecycle
from app.rules.closure import closes_at
from app.rules.histories import Rejected, Update
from app.rules.imports import Mapping as Columns
from app.rules.incidents import Facts, Guard, Matrix
from app.rules.lifecycle import Action, RecordKind
from app.services import placeholders, records
from app.unit_of_work import UnitOfWork

ENDS: Final = frozenset({"resolved", "closed"})
# what of an update becomes which column of an incident; events call it by the first
COLUMNS: Final = {
    "team": "team_id", "assignee": "assignee_id", "requester": "requester_id", "opened_by": "opened_by_id",
    "impact": "impact", "urgency": "urgency", "priority": "priority", "category": "category", "channel": "channel",
    "resolution_code": "resolution_code", "resolved_by": "resolved_by_id", "resolved_at": "resolved_at", "closed_at": "closed_at",
}  # fmt: skip


class Named(NamedTuple):
    """The rows that a file's names stand for: people, teams and CIs by name, linked records by (kind, key)."""

    people: Mapping[str, int]
    teams: Mapping[str, int]
    cis: Mapping[str, int]
    records: Mapping[tuple[str, str], tuple[int, str]]


@dataclass
class Standing:
    """A record that is being played: its row, how far it is, and what it is linked to."""

    incident: Incident
    replay: Replay
    links: dict[str, Link]
    affected: Affected | None


Bundle = Sequence[tuple[str, Sequence[Update], Update]]
"""Updates of some records that are played in one transaction: the record's key, its updates, the last the file has of it."""


class Player:
    """Plays updates within one unit of work; what it needs of the file's names is given."""

    def __init__(self, uow: UnitOfWork, columns: Columns, matrix: Matrix, named: Named) -> None:
        """Hold everything that does not change between two updates."""
        self.uow, self.columns, self.named = uow, columns, named
        self.matrix = columns.matrix or matrix
        self.numbers = dict(named.records.values())

    def play(self, bundle: Bundle) -> None:
        """Play these updates; each record's follow what was played of it before."""
        standing = self._standing([key for key, _, _ in bundle])
        fresh = [key for key, _, _ in bundle if key not in standing]
        numbers = placeholders.numbers_for(self.uow, RecordKind.INCIDENT, fresh)
        for key, updates, last in bundle:
            at = standing.setdefault(key, self._born(updates[0], numbers[key])) if key in numbers else standing[key]
            for update in updates:
                self._step(at, update, is_last=update is last)
                at.replay.digest = chained(at.replay.digest, update)
            at.replay.lines += len(updates)
            at.replay.record = at.incident
            self.uow.session.add(at.replay)
        self.uow.session.flush()
        for key in fresh:
            placeholders.remember(self.uow, self.columns.name, RecordKind.INCIDENT.value, key, standing[key].incident.id)

    def _standing(self, keys: Sequence[str]) -> dict[str, Standing]:
        """Return the records of these keys that are here already, locked."""
        session = self.uow.session
        mine = Imported.source == self.columns.name, Imported.kind == RecordKind.INCIDENT.value, Imported.key.in_(keys)
        query = select(Imported.key, Incident, Replay).join(Incident, Incident.id == Imported.target_id)
        rows = session.execute(query.join(Replay, Replay.record_id == Incident.id).where(*mine).order_by(Record.id).with_for_update(of=Record))
        found = {key: Standing(incident, replay, {}, None) for key, incident, replay in rows}
        by_id = {each.incident.id: each for each in found.values()}
        if by_id:
            types = [link.type for link in self.columns.links]
            for link in session.scalars(select(Link).where(Link.source_id.in_(by_id), Link.type.in_(types))):
                by_id[link.source_id].links[link.type] = link
            for affected in session.scalars(select(Affected).where(Affected.record_id.in_(by_id)).order_by(Affected.ci_id.desc())):
                by_id[affected.record_id].affected = affected
        return found

    def _born(self, update: Update, number: str) -> Standing:
        incident = Incident(
            kind=RecordKind.INCIDENT, number=number, state=update.state, hold_reason=update.hold_reason, title=update.title,
            description=update.description, opened_at=update.opened_at, reopen_count=0,
        )  # fmt: skip
        return Standing(incident, Replay(source=self.columns.name, lines=0, digest="", kept={}), {}, None)

    def _step(self, at: Standing, update: Update, *, is_last: bool) -> None:
        """Play one line: the record takes its values, and one event says what changed."""
        uow, incident = self.uow, at.incident
        uow.play_at(update.at)
        is_new = incident not in uow.session
        was, resolved_at = (None, None) if is_new else (incident.state, incident.resolved_at)
        before: dict[str, Any] = {}
        after: dict[str, Any] = {"label": update.label, "line": update.line}
        for name, value in self._values(update, is_last=is_last).items():
            if (old := getattr(incident, COLUMNS[name])) != value:
                before[name], after[name] = _plain(old), _plain(value)
                setattr(incident, COLUMNS[name], value)
        self._link(at, update, before, after)
        self._name_ci(at, update, before, after)
        if update.kept != at.replay.kept:
            at.replay.kept = update.kept
            after["kept"] = audit.digest(audit.canonical(update.kept))
        if (by := update.names.get("actor")) is not None:
            after["by"] = self.named.people[by]
        if lifecycle.is_reopening(was, update.state):
            incident.reopen_count += 1
        if warnings := [guard.value for guard in self._warnings(at, update, was, resolved_at)]:
            after["warnings"] = warnings
        records.move(
            uow, incident, Action.REPLAY, to=update.state, hold_reason=update.hold_reason, before={} if is_new else before, after=after
        )

    def _values(self, update: Update, *, is_last: bool) -> dict[str, Any]:
        """Return what the record is like after this line.

        How and when it ended is back-filled in some logs: it counts once it has ended, or in the last line there is.
        """
        has_ended = update.state in ENDS or is_last
        person = {name: self._person(update, name) for name in ("assignee", "requester", "opened_by")}
        return {
            **person, "team": self.named.teams[update.names["team"]] if "team" in update.names else None,
            "impact": update.impact, "urgency": update.urgency,
            "priority": incidents.priority(self.matrix, update.impact, update.urgency),
            "category": update.category, "channel": update.channel,
            "resolution_code": update.resolution_code if has_ended else None,
            "resolved_by": self._person(update, "resolved_by") if has_ended else None,
            "resolved_at": update.resolved_at if has_ended else None,
            "closed_at": update.closed_at if update.state == "closed" or is_last else None,
        }  # fmt: skip

    def _person(self, update: Update, name: str) -> int | None:
        return self.named.people[update.names[name]] if name in update.names else None

    def _link(self, at: Standing, update: Update, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Link what this line links, and nothing else of these types."""
        for column in self.columns.links:
            key, link = update.links.get(column.type), at.links.get(column.type)
            target, number = self.named.records[column.kind.value, key] if key else (None, None)
            if (was := link.target_id if link else None) == target:
                continue
            before[column.type], after[column.type] = self.numbers.get(was or 0), number
            if link is not None:
                self._forget(at.links.pop(column.type))
            if target is not None:
                made = Link(source=at.incident, target_id=target, type=column.type, created_at=self.uow.now)
                at.links[column.type] = made
                self.uow.session.add(made)

    def _name_ci(self, at: Standing, update: Update, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Name the configuration item that this line names, and no other."""
        item = self.named.cis[update.names["ci"]] if "ci" in update.names else None
        if item == (old := at.affected.ci_id if at.affected else None):
            return
        before["ci"], after["ci"] = old, item
        if at.affected is not None:
            self._forget(at.affected)
        at.affected = Affected(record=at.incident, ci_id=item) if item is not None else None
        if at.affected is not None:
            self.uow.session.add(at.affected)

    def _forget(self, row: Link | Affected) -> None:
        """Delete a row at once: a new one with the same key may come in the same transaction."""
        self.uow.session.flush()
        self.uow.session.delete(row)
        self.uow.session.flush()

    def _warnings(self, at: Standing, update: Update, was: str | None, resolved_at: datetime | None) -> Iterator[Guard]:
        """Say which guards would have refused this: history goes where it went."""
        incident = at.incident
        if was != update.state or incident.hold_reason != update.hold_reason:
            yield from incidents.unmet(Facts(
                was, update.state, update.hold_reason, is_assigned=incident.assignee_id is not None, links=frozenset(at.links),
                has_code=incident.resolution_code is not None,
                is_past=resolved_at is not None and was == "resolved" and update.at > closes_at(resolved_at, closing().window),
            ))  # fmt: skip
        if update.priority is not None and update.priority != incident.priority:
            yield Guard.PRIORITY


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def chained(digest: str, update: Update) -> str:
    """Return the digest over everything up to this update."""
    return hashlib.sha256(bytes.fromhex(digest) + update.digest).hexdigest()


def left(uow: UnitOfWork, source: str, histories: Mapping[str, Sequence[Update]]) -> tuple[dict[str, int], list[Rejected]]:
    """Return how many updates of each record are played already, and the lines that cannot follow what was played."""
    query = select(Imported.key, Replay.lines, Replay.digest).join(Replay, Replay.record_id == Imported.target_id)
    played, odd = {}, []
    for key, lines, digest in uow.session.execute(query.where(Imported.source == source, Imported.kind == RecordKind.INCIDENT.value)):
        updates = histories.get(key)
        if updates is None:
            continue
        played[key] = lines
        found = ""
        for update in updates[:lines]:
            found = chained(found, update)
        if len(updates) >= lines and found != digest:
            odd += [Rejected(each.line, key, "its record was played from other lines before") for each in updates]
    return played, odd


def batches(
    histories: Mapping[str, Sequence[Update]], played: Mapping[str, int], size: int
) -> Iterator[Bundle]:
    """Yield what is left in bundles of at most so many updates; a record goes on in the next bundle where it must."""
    bundle: list[tuple[str, Sequence[Update], Update]] = []
    room = size
    for key, updates in histories.items():
        rest = updates[played.get(key, 0):]
        while rest:
            now, rest = rest[:room], rest[room:]
            bundle.append((key, now, updates[-1]))
            room -= len(now)
            if not room:
                yield bundle
                bundle, room = [], size
    if bundle:
        yield bundle
