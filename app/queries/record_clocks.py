"""The clocks of one record, computed from its events at this instant, so that they can explain themselves (domain.md 7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock_store, escalations, sla
from app.clock_store import Known
from app.models.people import Team
from app.models.records import Record
from app.rules import clocks, ladders, situations
from app.rules.clock_rounds import State
from app.rules.clocks import Clock
from app.rules.errors import NotFound
from app.rules.ladders import Step
from app.rules.situations import Situation
from app.rules.sla import Definition, Type
from app.visibility import Actor, visible


@dataclass(frozen=True)
class Explained:
    """One clock with what defines it, what it would be if it were paused now (None: it does not run), and its ladder's next step."""

    clock: Clock
    definition: Definition
    if_paused: Clock | None
    next_step: tuple[datetime, Step] | None


def record(session: Session, actor: Actor, number: str) -> Any:
    """Return the row of a record that the actor may see, with what its clocks are computed from; NotFound otherwise."""
    query = select(
        Record.id, Record.number, Record.kind, Record.title, Record.title_pt, Record.state, Record.restricted, Record.opened_at, Record.requester_id,
        Record.beneficiary_id,
    )  # fmt: skip
    found = session.execute(query.where(Record.number == number, visible(actor))).one_or_none()
    if found is None:
        raise NotFound(number)
    return found


def of(session: Session, row: Any, now: datetime, *, inside: bool) -> list[Explained]:
    """Return its clocks in the order of the definitions; outside, only those that were promised to customers, without their ladders."""
    agreed = sla.agreement()
    definitions = {each.key: each for each in agreed.definitions if inside or each.type is Type.SLA}
    seen = situations.situations(clock_store.histories(session, [row])[row.id])
    known = clock_store.known(session, [row.id])[row.id] if inside else None
    paused = {(each.key, each.team, each.round): each for each in clocks.if_paused(agreed, seen, now)}
    return [
        Explained(each, definitions[each.key], paused.get((each.key, each.team, each.round)) if each.state == "running" else None, _next(each, seen, known))
        for each in clocks.of_situations(agreed, seen, now) if each.key in definitions
    ]  # fmt: skip


def _next(clock: Clock, seen: Sequence[Situation], known: Known | None) -> tuple[datetime, Step] | None:
    """Return what the ladder does next, if the clock goes on as it does; what is due already is taken within a minute."""
    if known is None or clock.state is not State.RUNNING:
        return None
    coming = ladders.coming(escalations.ladders(), clock, seen[-1].facts, known.watch(clock))
    return min(coming, key=lambda each: each[0], default=None)


def teams(session: Session, found: list[Explained]) -> dict[int, Team]:
    """Return the teams that these clocks tell of, by id."""
    ids = {each.clock.team for each in found} | {part.team for each in found for part in each.clock.segments}
    return {team.id: team for team in session.scalars(select(Team).where(Team.id.in_(ids - {None})))}
