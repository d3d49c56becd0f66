"""Teams and who belongs to them; the stream of a team's events is `teams:<key>`."""

import re
from typing import Any, Final

from sqlalchemy import select

from app.models.people import Membership, Person, Team
from app.rules.errors import Invalid, NotFound
from app.rules.words import t
from app.unit_of_work import UnitOfWork

KEY: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?")
CHANGEABLE: Final = frozenset({"name", "name_pt", "email", "active"})


def create(
    uow: UnitOfWork, key: str, name: str, name_pt: str, *, email: str | None = None, lead_id: int | None = None
) -> Team:
    """Make a team; its key stands in files and addresses, so it never changes."""
    uow.check("teams.manage")
    if not KEY.fullmatch(key):
        raise Invalid({"key": t("Use small letters, digits and hyphens, such as service-desk.")})
    if uow.session.scalar(select(Team.id).where(Team.key == key)) is not None:
        raise Invalid({"key": t("There is a team with this key already.")})
    team = Team(key=key, name="", name_pt="", email=email, lead_id=_somebody(uow, lead_id))
    _name(team, {"name": name, "name_pt": name_pt})
    uow.session.add(team)
    uow.session.flush()
    uow.record_event(_stream(team), "team.create", after={"team": team.id, "lead": lead_id})
    return team


def change(uow: UnitOfWork, key: str, **values: Any) -> Team:
    """Change names, mailbox, or whether the team works (CHANGEABLE)."""
    uow.check("teams.manage")
    team = _locked(uow, key)
    if unknown := values.keys() - CHANGEABLE:
        raise Invalid({name: t("This cannot be changed here.") for name in sorted(unknown)})
    before = {name: getattr(team, name) for name in values}
    _name(team, {name: value for name, value in values.items() if name in {"name", "name_pt"}})
    for name in values.keys() & {"email", "active"}:
        setattr(team, name, values[name] if values[name] != "" else None)
    changed = sorted(name for name in values if getattr(team, name) != before[name])
    if changed:
        uow.record_event(_stream(team), "team.change", after={"fields": changed, "active": team.active})
    return team


def set_lead(uow: UnitOfWork, key: str, person_id: int | None) -> Team:
    """Say who leads the team."""
    uow.check("teams.manage")
    team = _locked(uow, key)
    was, team.lead_id = team.lead_id, _somebody(uow, person_id)
    if was != person_id:
        uow.record_event(_stream(team), "team.lead", before={"lead": was}, after={"lead": person_id})
    return team


def add_member(uow: UnitOfWork, key: str, person_id: int) -> None:
    """Put somebody into the team; twice is once."""
    uow.check("teams.manage")
    team = _locked(uow, key)
    if uow.session.get(Membership, (team.id, _somebody(uow, person_id))) is None:
        uow.session.add(Membership(team_id=team.id, person_id=person_id))
        uow.record_event(_stream(team), "team.join", after={"person": person_id})


def remove_member(uow: UnitOfWork, key: str, person_id: int) -> None:
    """Take somebody out of the team; twice is once."""
    uow.check("teams.manage")
    team = _locked(uow, key)
    if (member := uow.session.get(Membership, (team.id, person_id))) is not None:
        uow.session.delete(member)
        uow.record_event(_stream(team), "team.leave", before={"person": person_id})


def _name(team: Team, names: dict[str, Any]) -> None:
    cleaned = {field: " ".join(str(value or "").split()) for field, value in names.items()}
    if wrong := [field for field, value in cleaned.items() if not value or not value.isprintable() or len(value) > 120]:
        raise Invalid({field: t("Give a name of at most %(limit)s characters.", limit=120) for field in wrong})
    for field, value in cleaned.items():
        setattr(team, field, value)


def _somebody(uow: UnitOfWork, person_id: int | None) -> int | None:
    if person_id is not None and not uow.session.scalar(select(Person.active).where(Person.id == person_id)):
        raise Invalid({"person": t("Choose somebody from the list.")})
    return person_id


def _locked(uow: UnitOfWork, key: str) -> Team:
    team = uow.session.scalars(select(Team).where(Team.key == key).with_for_update()).one_or_none()
    if team is None:
        raise NotFound(key)
    return team


def _stream(team: Team) -> str:
    return f"teams:{team.key}"
