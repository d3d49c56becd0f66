"""Whom a major incident affects: what it hurts is stored, so that every page can ask cheaply."""

from sqlalchemy import delete, select

from app.models.assets import Affected
from app.models.incidents import Incident
from app.models.majors import MajorService
from app.queries import assets
from app.unit_of_work import UnitOfWork


def refresh(uow: UnitOfWork, incident: Incident) -> None:
    """Store what it hurts as things stand now, also over others; no decision, so no event."""
    uow.session.flush()
    named = uow.session.scalars(select(Affected.ci_id).where(Affected.record_id == incident.id)).all()
    hurt = {each.id for each in assets.impact(uow.session, named)}
    was = set(uow.session.scalars(select(MajorService.ci_id).where(MajorService.incident_id == incident.id)))
    uow.session.execute(delete(MajorService).where(MajorService.incident_id == incident.id, MajorService.ci_id.in_(was - hurt)))
    uow.session.add_all(MajorService(incident_id=incident.id, ci_id=id_) for id_ in sorted(hurt - was))
