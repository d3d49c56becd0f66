"""Ladders at work: each step of a clock that is due is taken once, in order, with the time at which it was due (domain.md 7)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from app import clock_store, escalations, priorities, sla, visibility
from app.clock_store import Known
from app.language import translate
from app.models.incidents import Incident
from app.models.people import Membership, Person, RoleGrant, Team
from app.models.records import Record
from app.models.sla import Clock, Escalation
from app.rules import clocks, incidents, ladders, situations
from app.rules.clock_rounds import State
from app.rules.errors import Forbidden
from app.rules.incidents import Major
from app.rules.ladders import LEAD, ROLE, TEAM, TIER, Step, Who
from app.rules.lifecycle import FINAL
from app.rules.permissions import VIEW
from app.rules.words import t
from app.services import incident_details, major_triggers, messages
from app.services import incidents as cases
from app.services.major_updates import clock as as_read
from app.settings import matrix, settings
from app.unit_of_work import UnitOfWork

BATCH: Final = 50  # records whose steps are taken in one transaction
TRIES: Final = 5
OVER: Final = 100
BECAUSE: Final = t("By itself: %(percent)s %% of the time for “%(clock)s” are used up; it is due on %(due)s.")
AFFECTED: Final = t("“%(clock)s” was promised for %(due)s.")


class Taken(NamedTuple):
    """How many steps were taken, and of how many records it is settled what comes next."""

    steps: int = 0
    records: int = 0

    def __add__(self, other: Any) -> "Taken":
        """Return both together."""
        return Taken(self.steps + other.steps, self.records + other.records)


class Due(NamedTuple):
    """A step whose time has come, of which clock, and when that was."""

    at: datetime
    clock: clocks.Clock
    step: Step


def is_due(session: Session) -> bool:
    """Say whether any step is due; a partial index answers, whatever is open."""
    return session.scalar(select(Clock.id).where(Clock.next_at <= func.desk_now()).order_by(Clock.next_at).limit(1)) is not None


def due(session: Session, limit: int = BATCH) -> list[int]:
    """Return the records of which a step is due, the longest first; by the database's clock."""
    query = select(Clock.record_id).where(Clock.next_at <= func.desk_now()).order_by(Clock.next_at, Clock.id).limit(limit)
    return list(dict.fromkeys(session.scalars(query)))


def take(uow: UnitOfWork, ids: Sequence[int]) -> Taken:
    """Take every step of these records whose time has come. What somebody works on now stays due.

    After a step that changes what clocks look at, the rest of its record waits until clocks are computed anew.
    """
    if not uow.actor.is_system:
        raise Forbidden(t("You may not do this."))
    mine = select(Record.number).where(Record.id.in_(ids)).order_by(Record.id).with_for_update(skip_locked=True)
    if not (numbers := uow.session.scalars(mine).all()):
        return Taken()
    records = uow.get_all(Record, numbers)
    agreed, ways = sla.agreement(), escalations.ladders()
    found, known = clock_store.histories(uow.session, records), clock_store.known(uow.session, [record.id for record in records])
    company, taken, idle = _Company(uow), 0, []
    for record in records:
        seen = situations.situations(found[record.id])
        steps = _due(known[record.id], clocks.of_situations(agreed, seen, uow.now), ways, seen[-1].facts, uow.now)
        for each in steps:
            taken += 1
            if _take(uow, company, record, each):
                break
        if not steps:
            idle.append(record)
    if idle:  # stored as due, and are not: somebody changed what config/ says
        clock_store.renew(uow.session, idle, uow.now)
    return Taken(taken, len(records))


def hold_back(uow: UnitOfWork, record_id: int) -> None:
    """A step of it failed: it comes again later, each time after longer, and after some times no more until its clock is computed anew."""
    again = Clock.failures + 1
    later = uow.now + func.power(2, Clock.failures) * timedelta(minutes=1)
    values = {"failures": again, "next_at": case((again < TRIES, later)), "next_percent": case((again < TRIES, Clock.next_percent))}
    uow.session.execute(update(Clock).where(Clock.record_id == record_id, Clock.next_at <= uow.now).values(values), execution_options={"synchronize_session": False})


def _due(known: Known, found: Iterable[clocks.Clock], ways: ladders.Ladders, facts: Any, now: datetime) -> list[Due]:
    steps = (Due(at, clock, step) for clock in found for at, step in ladders.coming(ways, clock, facts, known.watch(clock)) if at <= now)
    return sorted(steps, key=lambda each: each.at)


def _take(uow: UnitOfWork, company: "_Company", record: Record, due: Due) -> bool:
    """Tell whom the step names, and do to the record what it says; True when clocks may be others after it."""
    clock, step = due.clock, due.step
    is_live = clock.state is State.RUNNING and record.state not in {*FINAL, "resolved"}
    people, mailboxes = company.told(record, step.tell)
    acts = [name for name, does in (("raise", step.raises), ("reassign", step.reassign), ("propose_major", step.proposes_major)) if does and is_live]
    event = uow.record_event(record, f"{record.kind}.threshold", after={
        "clock": clock.key, "round": clock.round, "of_team": clock.team, "percent": step.at, "later": step.after, "due": due.at.isoformat(),
        "told": sorted(people), "acts": acts,
    })  # fmt: skip
    uow.session.add(Escalation(
        record_id=record.id, definition=clock.key, team_id=clock.team, round=clock.round, percent=step.at, after=step.after, due_at=due.at,
        taken_at=uow.now, event=event,
    ))  # fmt: skip
    _tell(uow, record, due, people, mailboxes, event)
    changed = False
    for name in acts:
        if isinstance(record, Incident):
            changed |= _ACTS[name](uow, record, due)
    return changed


def _tell(uow: UnitOfWork, record: Record, due: Due, people: Mapping[int, tuple[Person, bool]], mailboxes: Iterable[Team], event: Any) -> None:
    template = "clock_over" if due.step.at >= OVER else "clock_warning"
    wakes = record.priority in due.step.wakes
    for person, is_written in people.values():
        words = _words(due, person.language or settings().language, lambda at, whom=person: as_read(at, whom))
        messages.tell(uow, person, template, record, event, by_mail=is_written, wakes=wakes, **words)
    for team in mailboxes:
        words = _words(due, settings().language, lambda at: as_read(at, Person()))
        messages.tell_mailbox(uow, team, template, record, event, wakes=wakes, **words)


def _words(due: Due, language: str, read: Any) -> dict[str, Any]:
    """Return what a letter says of a step: the time at which it was due stays, however late it is told."""
    name = next((each.name.to(language) for each in sla.agreement().definitions if each.key == due.clock.key), due.clock.key)
    ends = due.clock.due
    return {"clock": name, "percent": due.step.at, "reached": read(due.at), "due": read(ends if ends is not None else due.clock.first_due)}


def _because(due: Due, sentence: Any = BECAUSE) -> str:
    language = settings().language
    words = _words(due, language, lambda at: as_read(at, Person()))
    return translate(t(sentence.msgid, **words), language)


def _raise(uow: UnitOfWork, incident: Incident, due: Due) -> bool:
    if due.step.raises == TIER:
        team = uow.session.get(Team, incident.team_id) if incident.team_id else None
        return _give(uow, incident, due, escalations.ladders().above(team.key) if team else None)
    impact, urgency = incident.impact, incident.urgency
    lower = [(impact, urgency - 1), (impact - 1, urgency), (impact - 1, urgency - 1)]
    ranked = [(incidents.priority(priorities.matrix(), *each), each) for each in lower if min(each) > 0]
    higher = next((each for rank, each in ranked if rank is not None and rank < (incident.priority or OVER)), None)
    if higher is None:
        return False
    incident_details.change(uow, incident.number, note=_because(due), impact=higher[0], urgency=higher[1])
    return True


def _reassign(uow: UnitOfWork, incident: Incident, due: Due) -> bool:
    if due.step.reassign != LEAD:
        return _give(uow, incident, due, due.step.reassign.removeprefix(TEAM))
    team = uow.session.get(Team, incident.team_id) if incident.team_id else None
    is_member = team and uow.session.get(Membership, (team.id, team.lead_id)) is not None
    if team is None or team.lead is None or not team.lead.active or not is_member or incident.assignee_id == team.lead_id:
        return False
    cases.assign(uow, incident.number, team.lead.id)
    return True


def _give(uow: UnitOfWork, incident: Incident, due: Due, team_key: str | None) -> bool:
    """Hand it over, where there is such a team and it has it not already."""
    team = uow.session.scalars(select(Team).where(Team.key == team_key, Team.active)).one_or_none()
    if team is None or team.id == incident.team_id:
        return False
    cases.hand_over(uow, incident.number, team.key, _because(due))
    return True


def _propose(uow: UnitOfWork, incident: Incident, due: Due) -> bool:
    if incident.major == Major.NONE:
        major_triggers.propose(uow, incident, reason=_because(due), impact=_because(due, AFFECTED))
    return False


_ACTS: Final = {"raise": _raise, "reassign": _reassign, "propose_major": _propose}


class _Company:
    """Who is behind the words of a ladder; what was asked once is not asked again for the next record."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.session = uow.session
        self._groups: dict[str, list[Person]] = {}
        self._actors: dict[int, visibility.Actor | None] = {}

    def told(self, record: Record, words: Sequence[str]) -> tuple[dict[int, tuple[Person, bool]], list[Team]]:
        """Return the people to be told, with whether each gets a mail of the own, and the teams whose mailbox gets one.

        Nobody hears of what is late on the own record, unless that person works on it, nor of a record that he may not see.
        """
        found: dict[int, tuple[Person, bool]] = {}
        mailboxes: dict[int, Team] = {}
        own = {record.requester_id, record.beneficiary_id} - {record.assignee_id}
        for word in words:
            team = self._team(record, word)
            people = [person for person in self._people(record, word, team) if person.active]
            readers = [person for person in people if self._sees(person, record)]
            by_mailbox = team is not None and messages.is_read_by_all(team, record, people, readers)
            if team is not None and by_mailbox:
                mailboxes[team.id] = team
            for person in readers:
                if person.id not in own:
                    found[person.id] = person, not by_mailbox or found.get(person.id, (person, False))[1]
        return found, list(mailboxes.values())

    def _sees(self, person: Person, record: Record) -> bool:
        """Say whether a person may see the record; for those whose role says so of all of its kind, nobody is asked."""
        if person.id not in self._actors:
            self._actors[person.id] = found[0] if (found := visibility.actor(self.session, Person.id == person.id)) else None
        actor = self._actors[person.id]
        if actor is None:
            return False
        if not record.restricted and matrix().roles_for(f"{record.kind}.{VIEW}") & actor.roles:
            return True
        return visibility.sees(self.session, actor, record.id)

    def _team(self, record: Record, word: str) -> Team | None:
        if word == Who.TEAM:
            return record.team
        if word.startswith(TEAM):
            return self.session.scalars(select(Team).where(Team.key == word.removeprefix(TEAM), Team.active)).one_or_none()
        return None

    def _people(self, record: Record, word: str, team: Team | None) -> list[Person]:
        lead = record.team.lead if record.team else None
        if team is not None:
            return self._group(f"team {team.id}", select(Person).join(Membership, Membership.person_id == Person.id).where(Membership.team_id == team.id))
        if word == Who.ASSIGNEE:
            return [record.assignee] if record.assignee else self._group_of(record)
        if word == Who.LEAD:
            return [lead] if lead else self._group_of(record)
        if word == Who.MANAGER:
            above = (record.assignee or lead or Person()).manager
            return [above] if above else []
        if word.startswith(ROLE):
            holders = select(RoleGrant.person_id).where(RoleGrant.role == word.removeprefix(ROLE))
            return self._group(word, select(Person).where(Person.id.in_(holders)).order_by(Person.id))
        return []

    def _group_of(self, record: Record) -> list[Person]:
        """Return the team where nobody has the record, or the team has no lead."""
        return self._people(record, Who.TEAM, record.team) if record.team else []

    def _group(self, key: str, query: Any) -> list[Person]:
        if key not in self._groups:
            self._groups[key] = list(self.session.scalars(query))
        return self._groups[key]
