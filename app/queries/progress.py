"""A request as its page tells it: each item's way in plain words (ux 20)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from app.models.approvals import ApprovalRound
from app.models.people import Person, Team
from app.models.requests import Item, Step
from app.models.tasks import Task
from app.queries import catalog, remembered
from app.queries.requests import Whole
from app.rules.catalog import conditions, templates
from app.rules.catalog.items import Item as Offer
from app.rules.catalog.items import Kind
from app.rules.catalog.templates import PersonFacts
from app.rules.progress import AskedApproval, Stage, TakenStep, way
from app.rules.words import Text
from app.settings import settings


@dataclass(frozen=True)
class ItemProgress:
    """An item, the version it follows, its way, and what will be (or was) done, in words."""

    item: Item
    offer: Offer
    stages: Sequence[Stage]
    does: Sequence[Text]
    waits_for: Stage | None


def of(session: Session, whole: Whole, language: str) -> list[ItemProgress]:
    """Return the progress of each item of a request."""
    offers = catalog.versions(session, [item.catalog_hash for item in whole.request.items])
    teams = {team.key: team.name_pt if language == "pt" else team.name for team in session.scalars(select(Team))}
    return [
        _progress(session, item, offers[item.catalog_hash], whole, teams, language)
        for item in whole.request.items
    ]


def words(session: Session, item: Item, offer: Offer, language: str) -> list[Text]:
    """Return what each step of an item does, in words."""
    values = values_for(session, item, offer)
    return [templates.describe(step, values, language) for step in conditions.in_force(offer, item.answers).steps]


def values_for(session: Session, item: Item, offer: Offer) -> templates.Values:
    """Return what the placeholders of an item's steps stand for."""
    people = {person.id: facts_of(person) for person in people_of(session, [(item, offer)])}
    nobody = PersonFacts("", "", "")
    return templates.context(
        offer, item.answers, number=item.number,
        beneficiary=people.get(item.beneficiary_id or 0, nobody), requester=people.get(item.requester_id or 0, nobody),
        people={facts.login: facts for facts in people.values()},
    )  # fmt: skip


def people_of(session: Session, items: Sequence[tuple[Item, Offer]]) -> Sequence[Person]:
    """Return whoever these items are by, for, or name in an answer; those who were asked for before are not asked for again."""
    ids = {key for item, _ in items for key in (item.requester_id, item.beneficiary_id) if key}
    logins = {str(item.answers.get(field.name)) for item, offer in items for field in offer.fields if field.kind is Kind.PERSON}
    known = [remembered.known(session, ("person", key)) for key in logins]
    known += [remembered.known(session, ("person", key)) or session.identity_map.get(identity_key(Person, key)) for key in ids]
    if all(known):
        return list(dict.fromkeys(known))
    found = session.scalars(select(Person).where(Person.id.in_(ids) | Person.login.in_(logins) if logins else Person.id.in_(ids))).all()
    for person in found:
        for key in (person.id, person.login):
            remembered.keep(session, ("person", key), person)
    return found


def facts_of(person: Person) -> PersonFacts:
    """Return what a step may know of a person."""
    return PersonFacts(
        person.login, person.name, person.email or "", person.language or settings().language, person.department, person.title
    )


def _progress(
    session: Session, item: Item, offer: Offer, whole: Whole, teams: dict[str, str], language: str
) -> ItemProgress:
    rounds, tasks = whole.rounds.get(item.id, []), whole.tasks
    offer = conditions.in_force(offer, item.answers)
    values = values_for(session, item, offer)
    rows = {step.key: step for step in item.steps if step.revision == item.revision}
    taken = [_taken(step.name, templates.describe(step, values, language), step.is_automatic,
                    teams.get(step.team or offer.owner, step.team), rows, tasks) for step in offer.steps]  # fmt: skip
    asked = _asked(rounds[-1]) if rounds else [
        AskedApproval(str(each.who), "later", (), (), None, None) for each in offer.approvals
    ]  # fmt: skip
    stages = way(
        item.state, submitted_at=item.submitted_at, submitted_by=item.requester.name if item.requester else "",
        approvals=asked, steps=taken, closed_at=item.closed_at, pause=whole.pauses.get(item.id),
    )  # fmt: skip
    waits = next((stage for stage in stages if stage.mark == "now"), None)
    return ItemProgress(item, offer, stages, [step.words for step in taken], waits)


def _taken(
    key: str, described: Text, is_automatic: bool, team: str, rows: dict[str, Step], tasks: dict[int, Task]
) -> TakenStep:
    row = rows.get(key)
    if row is None:
        return TakenStep(described, "pending", not is_automatic, team)
    task = tasks.get(row.task_id or 0)
    assignee = task.assignee.name if task and task.assignee else ""
    return TakenStep(described, row.state, not is_automatic, team, assignee, row.started_at, row.done_at, row.action or "")


def _asked(round_: ApprovalRound) -> list[AskedApproval]:
    found = []
    for approval in round_.approvals:
        answered = [seat for seat in approval.seats if seat.state in {"approved", "rejected"}]
        names = tuple((seat.vote.voter.name if seat.vote else seat.person.name) for seat in answered)
        asked = tuple(seat.person.name for seat in approval.seats if seat.state == "asked")
        since = min((seat.asked_at for seat in approval.seats), default=round_.opened_at)
        said = tuple(seat.vote.note.body for seat in answered if seat.vote and seat.vote.note and not seat.vote.note.erased_at)
        found.append(AskedApproval(approval.who, approval.state, asked, names, since, approval.decided_at, said))
    return found
