"""Fills the demonstration's desk with services and the incidents of some days, each told as it went."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from app.models.assets import ConfigurationItem
from app.models.messages import Message
from app.models.people import Person, Team
from app.models.records import Record
from app.platform.company_desk import STORIES, THINGS, Step, Story, Thing
from app.rules.lifecycle import RecordKind
from app.services import assets, conversations, families, incident_details, incidents, reporting, tags
from app.services.reporting import Report
from app.unit_of_work import SYSTEM, UnitOfWork, unit_of_work


def fill() -> None:
    """Fill it; what an earlier start began is gone on with."""
    with unit_of_work(SYSTEM) as uow:
        now = uow.now
        _things(uow)
    numbers: dict[str, str] = {}
    for story in STORIES:
        _play(story, now, numbers)
    with unit_of_work(SYSTEM) as uow:  # it is history: nobody gets a mail about last week
        of_incidents = select(Record.id).where(Record.kind == RecordKind.INCIDENT, Record.number.in_(numbers.values()))
        uow.session.execute(update(Message).where(Message.record_id.in_(of_incidents), Message.state == "queued").values(state="dropped"))


def _things(uow: UnitOfWork) -> None:
    people = {key: id_ for key, id_ in uow.session.execute(select(Person.login, Person.id))}  # noqa: C416
    teams = {key: id_ for key, id_ in uow.session.execute(select(Team.key, Team.id))}  # noqa: C416
    there = set(uow.session.scalars(select(ConfigurationItem.key)))
    for each in (thing for thing in THINGS if thing.key not in there):
        assets.create(uow, each.key, each.name, each.kind, criticality=each.criticality, owner_id=people[each.owner], team_id=teams[each.team])
        _relate(uow, each)


def _relate(uow: UnitOfWork, thing: Thing) -> None:
    for type_, others in (("depends_on", thing.depends_on), ("runs_on", thing.runs_on)):
        for other in others:
            assets.relate(uow, thing.key, type_, other)


def _play(story: Story, now: datetime, numbers: dict[str, str]) -> None:
    opened_at = now - timedelta(hours=story.ago)
    by_phone = story.channel == "phone"
    with unit_of_work("bo" if by_phone else story.caller, now=opened_at) as uow:
        said = Report(story.title, story.description, story.urgency, story.category or None, dict(story.fields), story.cis, story.channel, f"demo: {story.title}")
        caller = uow.session.scalars(select(Person.id).where(Person.login == story.caller)).one()
        incident = reporting.open_for(uow, caller, said, impact=story.impact) if by_phone else reporting.report(uow, said)
        number = numbers[story.title] = incident.number
        was_played = incident.opened_at != opened_at
    if was_played:
        return
    if story.impact != 3 and not by_phone:
        with unit_of_work("lena", now=opened_at) as uow:
            incident_details.change(uow, number, impact=story.impact, note="Mais pessoas são atingidas.")
    for tag in story.tags:
        with unit_of_work("lena", now=opened_at) as uow:
            tags.add(uow, number, tag)
    if story.parent:
        with unit_of_work("lena", now=opened_at + timedelta(minutes=5)) as uow:
            families.adopt(uow, number, numbers[story.parent])
    for step in story.steps:
        with unit_of_work(step.who, now=opened_at + timedelta(hours=step.after)) as uow:
            _do(uow, number, step)


def _do(uow: UnitOfWork, number: str, step: Step) -> None:
    match step.how:
        case "take":
            incidents.take(uow, number)
        case "reply":
            conversations.reply(uow, number, step.text)
        case "note":
            conversations.note_internally(uow, number, step.text)
        case "hold":
            incidents.hold(uow, number, step.with_, step.text)
        case "hand_over":
            incidents.hand_over(uow, number, step.with_, step.text)
        case "resolve":
            incidents.resolve(uow, number, step.with_, step.text)
        case "reopen":
            incidents.reopen(uow, number, step.text)
        case "close":
            incidents.close(uow, number)
        case "cancel":
            incidents.cancel(uow, number, step.with_, step.text)
        case other:
            raise ValueError(other)
