"""Major incidents: whom they concern, what everybody knows of, what is due. The frame of every page asks here."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    ScalarSelect,
    Select,
    and_,
    exists,
    func,
    or_,
    select,
    text,
    true,
    union,
)
from sqlalchemy.orm import Session, aliased

from app.models.assets import ConfigurationItem
from app.models.incidents import Incident
from app.models.majors import Major, MajorService, MajorUpdate
from app.models.people import Membership, Person
from app.models.records import Note, Participant, Record
from app.visibility import Actor

TABLE: Final = Incident.__table__
# As text: the planner must see that a partial index answers it.
IS_MAJOR: Final = text("incidents.major = 'accepted' and incidents.closed_at is null")
OPEN: Final = ("new", "in_progress", "on_hold")


class Known(NamedTuple):
    """A major incident as everybody may know it; `said` is the last update, and `concerns` whether it affects the reader."""

    number: str
    headline: str
    headline_pt: str
    since: datetime
    update_due_at: datetime | None
    said_at: datetime | None
    concerns: bool


def concerning(session: Session, actor: Actor) -> list[Known]:
    """Return the major incidents that affect this person now, newest first."""
    return [Known(*row) for row in session.execute(_known(actor).where(concerns(actor)))]


def count(actor: Actor) -> ScalarSelect[int]:
    """Return, as a column, how many affect this person now: most pages ask no more than this."""
    return _open(select(func.count())).where(concerns(actor)).scalar_subquery()


def concerns(actor: Actor) -> ColumnElement[bool]:
    """Return the clause on major incidents: this person has it or a part of it, watches one, or answers for what it hurts."""
    if actor.id is None:
        return true()
    child, part = aliased(TABLE), aliased(Record.__table__)
    mine = exists().where(child.c.parent_id == Record.id, part.c.id == child.c.id, or_(part.c.requester_id == actor.id, part.c.beneficiary_id == actor.id))
    watched = exists().where(
        Participant.person_id == actor.id, Participant.relation == "watcher",
        or_(Participant.record_id == Record.id, Participant.record_id.in_(select(TABLE.c.id).where(TABLE.c.parent_id == Record.id).correlate(Record))),
    )  # fmt: skip
    item = ConfigurationItem
    answers = or_(item.owner_id == actor.id, item.team_id.in_(actor.team_ids))
    hurt = exists().where(MajorService.incident_id == Record.id, item.id == MajorService.ci_id, answers)
    return or_(Major.everybody, Record.requester_id == actor.id, Record.beneficiary_id == actor.id, mine, watched, hurt)


def affected(incident_id: int) -> CompoundSelect[Any]:
    """Return the ids of everybody whom this major incident concerns: the same people as `concerns`, seen from it."""
    family = select(Record.id).join(TABLE, TABLE.c.id == Record.id).where(or_(TABLE.c.id == incident_id, TABLE.c.parent_id == incident_id))
    items = select(ConfigurationItem).join(MajorService, MajorService.ci_id == ConfigurationItem.id).where(MajorService.incident_id == incident_id)
    item = items.subquery()
    everybody = exists().where(Major.incident_id == incident_id, Major.everybody)
    return union(
        select(Record.requester_id.label("person_id")).where(Record.id.in_(family)), select(Record.beneficiary_id).where(Record.id.in_(family)),
        select(Participant.person_id).where(Participant.record_id.in_(family), Participant.relation == "watcher"),
        select(item.c.owner_id), select(Membership.person_id).where(Membership.team_id.in_(select(item.c.team_id))),
        select(Person.id).where(Person.active, everybody),
    )  # fmt: skip


def readers(session: Session, incident_id: int) -> Sequence[Person]:
    """Return everybody affected who can be told."""
    people = affected(incident_id).subquery()
    query = select(Person).where(Person.id.in_(select(people.c.person_id)), Person.active)
    return session.scalars(query.order_by(Person.id)).all()


def due(session: Session, *, limit: int = 200) -> Sequence[str]:
    """Return the numbers of those of which an update is late, by one step more than was told; the longest first."""
    query = select(Record.number).join(Major, Major.incident_id == Record.id).where(Major.next_at <= func.desk_now())
    return session.scalars(query.order_by(Major.next_at, Major.incident_id).limit(limit)).all()


def updates(session: Session, incident_id: int) -> list[tuple[MajorUpdate, str | None, str | None, str | None]]:
    """Return what everybody affected was told, newest first: (update, English, Portuguese, author)."""
    english, portuguese = aliased(Note), aliased(Note)
    query = (
        select(MajorUpdate, english.body, portuguese.body, Person.name)
        .outerjoin(english, (english.id == MajorUpdate.note_id) & english.erased_at.is_(None))
        .outerjoin(portuguese, (portuguese.id == MajorUpdate.note_pt_id) & portuguese.erased_at.is_(None))
        .outerjoin(Person, Person.id == MajorUpdate.author_id)
        .where(MajorUpdate.incident_id == incident_id)
        .order_by(MajorUpdate.id.desc())
    )
    return [(row[0], row[1], row[2], row[3]) for row in session.execute(query)]


def _known(actor: Actor) -> Select[Any]:
    said = select(func.max(MajorUpdate.created_at)).where(MajorUpdate.incident_id == Major.incident_id).scalar_subquery()
    columns: tuple[Any, ...] = (Record.number, Major.headline, Major.headline_pt, Record.opened_at, Major.update_due_at, said, concerns(actor))
    return _open(select(*columns)).order_by(Record.id.desc())


def _open(query: Select[Any]) -> Select[Any]:
    joined = query.select_from(Record).join(TABLE, TABLE.c.id == Record.id).join(Major, Major.incident_id == Record.id)
    return joined.where(and_(IS_MAJOR, Record.state.in_(OPEN)))
