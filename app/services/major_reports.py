"""What is learned from a major incident: a draft made from its own record, versions that people write, the manager's filing; and a problem."""

from sqlalchemy import func, select

from app.language import local, translate
from app.models.assets import ConfigurationItem
from app.models.events import Event
from app.models.incidents import Incident
from app.models.majors import Major, MajorReport, MajorService
from app.models.people import Person
from app.models.problems import Problem
from app.models.records import Link, Note, Record
from app.queries import majors as queries
from app.rules import audit, post_incident
from app.rules.errors import ActionNotAllowed, Invalid, StaleEdit
from app.rules.lifecycle import RecordKind
from app.rules.majors import Seat
from app.rules.post_incident import Case, Happened, Told
from app.rules.words import t
from app.services import major_updates, majors, records
from app.settings import settings
from app.unit_of_work import UnitOfWork

LIMIT = 100_000  # characters


def drafted(uow: UnitOfWork, incident: Incident, major: Major) -> None:
    """Make the draft and the problem, where they are not there yet; a draft that nobody touched is made anew."""
    uow.session.flush()
    last = latest(uow, incident.id)
    if last is None or last.author_id is None:
        language, zone = settings().language, settings().timezone
        body = post_incident.draft(_case(uow, incident, major), lambda text: translate(text, language), lambda at: f"{local(at, zone):%Y-%m-%d %H:%M}")
        if last is None or last.body != body:
            _add(uow, incident, last, body, author=None)
    if major.problem_id is None:
        major.problem_id = _problem(uow, incident)


def write(uow: UnitOfWork, number: str, body: str, base: int) -> MajorReport:
    """Store the next version of the report; StaleEdit when `base` is not the last one any more."""
    incident, major = majors.accepted(uow, number, "incident.write_report")
    major_updates.leads(uow, major)
    if major.filed_at is not None:
        raise ActionNotAllowed(t("The report is filed."))
    text = body.replace("\x00", "").replace("\r\n", "\n").strip()
    if not text or len(text) > LIMIT:
        raise Invalid({"report": t("Write something, at most %(limit)s characters.", limit=LIMIT)})
    last = latest(uow, incident.id)
    if (last.version if last else 0) != base:
        raise StaleEdit(number, {"version": last.version if last else 0, "report": last.body if last else ""})
    return _add(uow, incident, last, text, author=uow.actor.id)


def file(uow: UnitOfWork, number: str) -> Incident:
    """The manager is content with the report: with it, what is resolved may be closed."""
    incident, major = majors.accepted(uow, number, "incident.file_report")
    last = latest(uow, incident.id)
    if incident.state != "resolved" or last is None:
        raise ActionNotAllowed(t("Resolve %(number)s first: then its report is drafted.", number=number))
    if major.filed_at is None:
        major.filed_at, major.filed_by_id, incident.updated_at = uow.now, uow.actor.id, uow.now
        uow.record_event(incident, "incident.file_report", after={"version": last.version, "text": audit.digest(last.body)})
    return incident


def latest(uow: UnitOfWork, incident_id: int) -> MajorReport | None:
    """Return the last version of a report."""
    query = select(MajorReport).where(MajorReport.incident_id == incident_id).order_by(MajorReport.version.desc()).limit(1)
    return uow.session.scalars(query).one_or_none()


def _add(uow: UnitOfWork, incident: Incident, last: MajorReport | None, body: str, author: int | None) -> MajorReport:
    made = MajorReport(incident_id=incident.id, version=last.version + 1 if last else 1, body=body, author_id=author, created_at=uow.now)
    uow.session.add(made)
    name = "incident.write_report" if author else "incident.draft_report"
    uow.record_event(incident, name, after={"version": made.version, "text": audit.digest(body)})
    return made


def _problem(uow: UnitOfWork, incident: Incident) -> int:
    """Return the problem that the incident is linked to, or a new one, bare but for its title."""
    linked = select(Link.target_id).join(Record, Record.id == Link.target_id).where(Link.source_id == incident.id, Record.kind == RecordKind.PROBLEM)
    if (found := uow.session.scalars(linked.order_by(Link.id).limit(1)).one_or_none()) is not None:
        return found
    (number,) = records.numbers(uow, RecordKind.PROBLEM)
    problem = Problem(kind=RecordKind.PROBLEM, number=number, state="new", title=incident.title, priority=incident.priority,
                      service=incident.service, category=incident.category, team_id=incident.team_id, restricted=incident.restricted)  # fmt: skip
    records.add(uow, problem, after={"draft_of": incident.number})
    uow.session.flush()
    uow.session.add(Link(source_id=incident.id, target_id=problem.id, type="problem", created_at=uow.now))
    uow.record_event(incident, "incident.link", after={"type": "problem", "record": number})
    return problem.id


def _case(uow: UnitOfWork, incident: Incident, major: Major) -> Case:
    happened = uow.session.execute(
        select(Event.at, func.coalesce(Person.name, ""), Event.name, func.coalesce(Note.body, "")).outerjoin(Person, Person.id == Event.actor_id)
        .outerjoin(Note, (Note.id == Event.note_id) & (Event.name == "incident.note") & Note.erased_at.is_(None)).where(Event.record_id == incident.id).order_by(Event.id)).all()  # fmt: skip
    first = {row.name: row.at for row in reversed(happened)}
    told = [Told(update.created_at, who or "", english or portuguese or "", update.told) for update, english, portuguese, who in queries.updates(uow.session, incident.id)]
    services = select(ConfigurationItem.name).join(MajorService, MajorService.ci_id == ConfigurationItem.id).where(
        MajorService.incident_id == incident.id).order_by(ConfigurationItem.criticality, ConfigurationItem.name)  # fmt: skip
    children = select(func.count()).select_from(Incident.__table__).where(Incident.__table__.c.parent_id == incident.id)
    closing = select(Note.body).where(Note.record_id == incident.id, Note.kind == "closing", Note.erased_at.is_(None)).order_by(Note.id.desc()).limit(1)
    seats = {seat: person.name for seat in Seat if (person := getattr(major, seat.value)) is not None}
    return Case(
        number=incident.number, title=incident.title, reason=major.reason, impact=major.business_impact, opened_at=incident.opened_at,
        accepted_at=major.decided_at, started_at=first.get("incident.start"), resolved_at=incident.resolved_at, seats=seats,
        services=uow.session.scalars(services).all(), children=uow.session.scalar(children) or 0,
        late=sum(row.name == "incident.update_late" for row in happened), resolution=uow.session.scalars(closing).one_or_none() or "",
        timeline=[Happened(*row) for row in happened], updates=told[::-1],
    )  # fmt: skip
