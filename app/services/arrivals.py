"""People, teams and configuration items that come from a file: brought in line by line, then tied together.

Who or what is here already is left as it is; twice is once.
"""

from collections.abc import Mapping as Table
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, or_, select

from app.models.assets import ConfigurationItem
from app.models.imports import Imported
from app.models.people import Person, Team
from app.rules.errors import Invalid
from app.rules.imports import REQUIRED, Mapping
from app.services import assets, people, placeholders, teams
from app.unit_of_work import UnitOfWork

MODELS: Final[dict[str, Any]] = {"person": Person, "team": Team, "ci": ConfigurationItem}
YES: Final = frozenset({"true", "yes", "1", "sim"})


class Unfit(ValueError):
    """A line that cannot be brought in, and why."""


@dataclass(frozen=True)
class Said:
    """What one line says, by our columns; `key` is what it is called in its source."""

    key: str
    values: Table[str, str]

    def several(self, columns: Mapping, name: str) -> list[str]:
        """Return a list of names that stand in one column."""
        return [part.strip() for part in self.values.get(name, "").split(columns.list_separator) if part.strip()]


def said(columns: Mapping, given: Table[str, str]) -> Said:
    """Return what a line says; Unfit where something needed is missing."""
    values = {}
    for ours, theirs in columns.columns.items():
        text = (given.get(theirs) or "").strip()
        if text and text not in columns.unknown:
            values[ours] = str(columns.values.get(ours, {}).get(text, text))
        elif ours in columns.defaults:
            values[ours] = str(columns.defaults[ours])
    if missing := [columns.columns[name] for name in REQUIRED[columns.kind] if name not in values]:
        raise Unfit(f"it says no {', '.join(missing)}")
    return Said(values[REQUIRED[columns.kind][0]], values)


def bring(uow: UnitOfWork, columns: Mapping, line: Said) -> bool:
    """Bring in what a line says; False when it is here already."""
    if _id(uow, columns, columns.kind, line.key) is not None:
        return False
    given = line.values
    row: Any
    if columns.kind == "person":
        more: dict[str, Any] = {name: given[name] for name in ("title", "department", "language") if name in given}
        more |= {"vip": given["vip"].lower() in YES} if "vip" in given else {}
        row = people.create(uow, given["login"], given["name"], email=given.get("email"), **more)
    elif columns.kind == "team":
        row = teams.create(uow, placeholders.key_of(given["key"]), given["name"], given.get("name_pt", given["name"]), email=given.get("email"))
    else:
        level = given.get("criticality", "3")
        if not level.isdecimal():
            raise Unfit(f"the criticality “{level}” is not in the mapping")
        row = assets.create(uow, placeholders.key_of(given["key"]), given["name"], given["class"], criticality=int(level),
                            description=given.get("description", ""))  # fmt: skip
    placeholders.remember(uow, columns.name, columns.kind, line.key, row.id)
    return True


def tie(uow: UnitOfWork, columns: Mapping, line: Said) -> None:
    """Say who leads, who belongs, what owns and what stands on what; Unfit names what is not here."""
    given, own = line.values, _id(uow, columns, columns.kind, line.key) or 0
    if columns.kind == "person":
        if "manager" in given:
            people.set_manager(uow, own, _needed(uow, columns, "person", given["manager"]))
        return
    key = uow.session.get_one(MODELS[columns.kind], own).key
    if columns.kind == "team":
        if "lead" in given:
            teams.set_lead(uow, key, _needed(uow, columns, "person", given["lead"]))
        for name in line.several(columns, "members"):
            teams.add_member(uow, key, _needed(uow, columns, "person", name))
        return
    owners = {"owner_id": ("owner", "person"), "team_id": ("team", "team")}
    if values := {field: _needed(uow, columns, kind, given[name]) for field, (name, kind) in owners.items() if name in given}:
        assets.change(uow, key, **values)
    for type_ in ("depends_on", "runs_on"):
        for name in line.several(columns, type_):
            target = uow.session.get_one(ConfigurationItem, _needed(uow, columns, "ci", name))
            assets.relate(uow, key, type_, target.key)


def reason(refused: Exception) -> str:
    """Return why a line was refused, with each wrong value."""
    if isinstance(refused, Invalid) and refused.fields:
        return "; ".join(f"{name}: {text}" for name, text in refused.fields.items())
    return str(refused)


def _needed(uow: UnitOfWork, columns: Mapping, kind: str, name: str) -> int:
    found = _id(uow, columns, kind, name)
    if found is None:
        raise Unfit(f"there is no {kind} called “{name}”")
    return found


def _id(uow: UnitOfWork, columns: Mapping, kind: str, name: str) -> int | None:
    """Return the row that a name means: what the source called so before, else our own of that key, address or name."""
    before = select(Imported.target_id).where(Imported.source == columns.name, Imported.kind == kind, Imported.key == name)
    if (found := uow.session.scalar(before)) is not None:
        return found
    plain = name.lower()
    match kind:
        case "person":
            clause = or_(Person.login == plain, Person.email == plain)
        case "team":
            clause = or_(Team.key == plain, Team.key == placeholders.key_of(name), func.lower(Team.name) == plain)
        case _:
            clause = or_(ConfigurationItem.key == placeholders.key_of(name), func.lower(ConfigurationItem.name) == plain)
    model = MODELS[kind]
    own: int | None = uow.session.scalar(select(model.id).where(clause).order_by(model.id).limit(1))
    return own
