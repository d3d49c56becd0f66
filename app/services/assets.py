"""Services and configuration items: made, changed, related; the stream of one's events is `cis:<key>`."""

from typing import Any, Final

from sqlalchemy import select

from app.models.assets import CiRelation, ConfigurationItem
from app.models.people import Person, Team
from app.rules import assets as rules
from app.rules.errors import Invalid, NotFound
from app.rules.words import t
from app.unit_of_work import UnitOfWork

CHANGEABLE: Final = frozenset({"name", "class", "criticality", "owner_id", "team_id", "description", "active"})


def create(uow: UnitOfWork, key: str, name: str, class_: str, **more: Any) -> ConfigurationItem:
    """Make a configuration item; its key stands in files and addresses, so it never changes."""
    uow.check("ci.manage")
    if not rules.KEY.fullmatch(key):
        raise Invalid({"key": t("Use small letters, digits and hyphens, such as service-desk.")})
    if uow.session.scalar(select(ConfigurationItem.id).where(ConfigurationItem.key == key)) is not None:
        raise Invalid({"key": t("There is one with this key already.")})
    item = ConfigurationItem(key=key, name=name, kind=class_)
    _set(uow, item, {"name": name, "class": class_, "criticality": 3, "description": "", "active": True, **more})
    uow.session.add(item)
    uow.session.flush()
    uow.record_event(_stream(item), "ci.create", after={"ci": item.id, "class": item.kind, "criticality": item.criticality})
    return item


def change(uow: UnitOfWork, key: str, **values: Any) -> ConfigurationItem:
    """Change what is known of it (CHANGEABLE)."""
    uow.check("ci.manage")
    item = _locked(uow, key)
    before = {name: _get(item, name) for name in values if name in CHANGEABLE}
    _set(uow, item, values)
    if changed := sorted(name for name in before if _get(item, name) != before[name]):
        told = {name: _get(item, name) for name in changed if name not in {"name", "description"}}
        was = {name: before[name] for name in told}
        uow.record_event(_stream(item), "ci.change", before=was, after={"fields": changed, **told})
    return item


def relate(uow: UnitOfWork, key: str, type_: str, target_key: str) -> None:
    """Say that it depends on, or runs on, another; twice is once. Invalid where that would make a ring."""
    uow.check("ci.manage")
    first, second = sorted({key, target_key})[0], sorted({key, target_key})[-1]
    both = {first: _locked(uow, first), second: _locked(uow, second)}  # always in the same order
    source, target = both[key], both[target_key]
    if type_ not in rules.RELATIONS:
        raise Invalid({"type": t("Choose one from the list.")})
    edges = {(row.source_id, row.target_id) for row in uow.session.execute(select(CiRelation.source_id, CiRelation.target_id))}
    if source.id == target.id or rules.leads_to(edges, target.id, source.id):
        raise Invalid({"target": t("%(name)s stands on this one already: it would go round in a ring.", name=target.name)})
    if uow.session.get(CiRelation, (source.id, target.id, type_)) is None:
        uow.session.add(CiRelation(source_id=source.id, target_id=target.id, type=type_))
        uow.record_event(_stream(source), "ci.relate", after={"type": type_, "ci": target.id})


def unrelate(uow: UnitOfWork, key: str, type_: str, target_key: str) -> None:
    """Take a relation back; twice is once."""
    uow.check("ci.manage")
    source = _locked(uow, key)
    target = uow.session.scalar(select(ConfigurationItem.id).where(ConfigurationItem.key == target_key))
    if (found := uow.session.get(CiRelation, (source.id, target or 0, type_))) is not None:
        uow.session.delete(found)
        uow.record_event(_stream(source), "ci.unrelate", before={"type": type_, "ci": target})


def _set(uow: UnitOfWork, item: ConfigurationItem, values: dict[str, Any]) -> None:
    wrong = {name: t("This cannot be changed here.") for name in values.keys() - CHANGEABLE}
    name = " ".join(str(values.get("name", item.name)).split())
    if not name or len(name) > 120 or not name.isprintable():
        wrong["name"] = t("Give a name of at most %(limit)s characters.", limit=120)
    if values.get("class", item.kind) not in rules.CLASSES:
        wrong["class"] = t("Choose one from the list.")
    if values.get("criticality", 3) not in {1, 2, 3, 4}:
        wrong["criticality"] = t("Choose one from the list.")
    for field, model in (("owner_id", Person), ("team_id", Team)):
        id_ = values.get(field)
        if id_ is not None and not uow.session.scalar(select(model.id).where(model.id == id_)):
            wrong[field] = t("Choose one from the list.")
    if wrong:
        raise Invalid(wrong)
    for field, value in {**values, **({"name": name} if "name" in values else {})}.items():
        setattr(item, "kind" if field == "class" else field, value)


def _get(item: ConfigurationItem, name: str) -> Any:
    return getattr(item, "kind" if name == "class" else name)


def _locked(uow: UnitOfWork, key: str) -> ConfigurationItem:
    item = uow.session.scalars(select(ConfigurationItem).where(ConfigurationItem.key == key).with_for_update()).one_or_none()
    if item is None:
        raise NotFound(key)
    return item


def _stream(item: ConfigurationItem) -> str:
    return f"cis:{item.key}"
