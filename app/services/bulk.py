"""Changes to many incidents at once: looked at first, then carried out one by one in the background, each in its own transaction."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select, update

from app.language import translate
from app.models.people import Person
from app.models.queues import BulkJob, BulkLine
from app.models.records import Record
from app.rules.bulk import MOST, WAYS, Act
from app.rules.errors import ActionNotAllowed, DeskError, Invalid, NotFound
from app.rules.lifecycle import RecordKind
from app.rules.words import t
from app.services import conversations, families, incidents, relations, tags
from app.unit_of_work import SYSTEM, UnitOfWork, unit_of_work
from app.visibility import visible

UNDO: Final = timedelta(seconds=10)


def begin(uow: UnitOfWork, numbers: Sequence[str], act: Act, values: Mapping[str, Any]) -> BulkJob:
    """Take a change to these incidents in. It begins after UNDO; until then it can be taken back as if it had never been."""
    uow.check("work.view")
    said = {name: str(values.get(name, "")).strip()[:20_000] for name in WAYS[act].fields}
    if empty := [name for name, value in said.items() if not value and not (act is Act.HOLD and name == "body")]:
        raise Invalid({name: t("Fill this in.") for name in empty})
    seen = select(Record.id).where(Record.number.in_(numbers), Record.kind == RecordKind.INCIDENT, visible(uow.actor, RecordKind.INCIDENT))
    ids = uow.session.scalars(seen.order_by(Record.id)).all()
    if not ids or len(ids) > MOST:
        raise Invalid({"numbers": t("Choose between one and %(count)s incidents.", count=MOST)})
    job = BulkJob(person_id=uow.actor.id or 0, action=act.value, values=said, next_at=uow.now + UNDO, created_at=uow.now)
    uow.session.add(job)
    uow.session.flush()
    uow.session.add_all(BulkLine(job_id=job.id, record_id=id_) for id_ in ids)
    uow.record_event("config", "bulk.begin", after={"job": job.id, "act": act.value, "records": len(ids)})
    return job


def undo(uow: UnitOfWork, job_id: int) -> BulkJob:
    """Take it back, as long as it has not begun."""
    job = own(uow, job_id)
    if job.state != "waiting":
        raise ActionNotAllowed(t("It has begun already: it cannot be taken back as a whole any more."))
    job.state, job.next_at = "undone", None
    uow.record_event("config", "bulk.undo", after={"job": job.id})
    return job


def own(uow: UnitOfWork, job_id: int) -> BulkJob:
    """Return one's own job, locked; NotFound otherwise."""
    query = select(BulkJob).where(BulkJob.id == job_id, BulkJob.person_id == uow.actor.id).with_for_update()
    if (job := uow.session.scalars(query).one_or_none()) is None:
        raise NotFound(str(job_id))
    return job


def due(uow: UnitOfWork, *, limit: int = 20) -> list[int]:
    """Return the jobs whose time has come."""
    return list(uow.session.scalars(select(BulkJob.id).where(BulkJob.next_at <= uow.now).order_by(BulkJob.next_at).limit(limit)))


def carry_out(job_id: int) -> int:
    """Carry a job out, and return how many records were changed. Whoever is killed in the middle goes on where it was."""
    with unit_of_work(SYSTEM) as uow:
        job = uow.session.scalars(select(BulkJob).where(BulkJob.id == job_id, BulkJob.state.in_(("waiting", "running"))).with_for_update()).one_or_none()
        if job is None:
            return 0
        job.state = "running"
        person, act, values = job.person_id, Act(job.action), dict(job.values)
        language = uow.session.scalars(select(Person.language).where(Person.id == person)).one() or "en"
        left = uow.session.scalars(select(BulkLine.record_id).where(BulkLine.job_id == job_id, BulkLine.state == "pending").order_by(BulkLine.record_id)).all()
    changed = sum(_one(job_id, record, person, act, values, language) for record in left)
    with unit_of_work(SYSTEM) as uow:
        uow.session.execute(update(BulkJob).where(BulkJob.id == job_id).values(state="done", next_at=None))
    return changed


def _one(job_id: int, record_id: int, person: int, act: Act, values: Mapping[str, str], language: str) -> bool:
    """Change one record and say so, together; what is refused is said beside it and stops no other."""
    mine = BulkLine.job_id == job_id, BulkLine.record_id == record_id, BulkLine.state == "pending"
    try:
        with unit_of_work(person) as uow:
            if uow.session.scalars(select(BulkLine.record_id).where(*mine).with_for_update(skip_locked=True)).one_or_none() is None:
                return False
            number = uow.session.scalars(select(Record.number).where(Record.id == record_id)).one()
            _do(uow, number, act, values)
            uow.session.execute(update(BulkLine).where(*mine).values(state="done"))
            return True
    except DeskError as refused:
        words = next(iter(refused.fields.values()), None) if isinstance(refused, Invalid) else None
        reason = translate(words or refused.text, language)
        with unit_of_work(SYSTEM) as uow:
            uow.session.execute(update(BulkLine).where(*mine).values(state="failed", reason=reason))
        return False


def _do(uow: UnitOfWork, number: str, act: Act, values: Mapping[str, str]) -> None:
    match act:
        case Act.TAKE:
            incidents.take(uow, number)
        case Act.ASSIGN:
            incidents.assign(uow, number, _person(uow, values["person"]))
        case Act.HAND_OVER:
            incidents.hand_over(uow, number, values["team"], values["body"])
        case Act.HOLD:
            incidents.hold(uow, number, values["reason"], values.get("body", ""))
        case Act.RESUME:
            incidents.resume(uow, number)
        case Act.RESOLVE:
            incidents.resolve(uow, number, values["code"], values["body"])
        case Act.REPLY:
            conversations.reply(uow, number, values["body"])
        case Act.TAG:
            tags.add(uow, number, values["tag"])
        case Act.LINK:
            relations.add(uow, number, "problem", values["other"])
        case Act.ADOPT:
            families.adopt(uow, number, values["other"].strip().upper())


def _person(uow: UnitOfWork, login: str) -> int:
    found = uow.session.scalar(select(Person.id).where(Person.login == login.lower(), Person.active))
    if found is None:
        raise Invalid({"person": t("Choose somebody from the list.")})
    return found
