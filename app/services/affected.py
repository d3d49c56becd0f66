"""What a record is about: the configuration items it names."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select

from app.models.assets import Affected, ConfigurationItem
from app.models.records import Record
from app.rules.errors import Invalid
from app.rules.words import t
from app.unit_of_work import UnitOfWork

MOST = 50


def keys(uow: UnitOfWork, record: Record) -> list[str]:
    """Return the keys of what a record is about, in order."""
    query = select(ConfigurationItem.key).join(Affected, Affected.ci_id == ConfigurationItem.id)
    return list(uow.session.scalars(query.where(Affected.record_id == record.id).order_by(ConfigurationItem.key)))


def set_to(uow: UnitOfWork, record: Record, wanted: Sequence[str], before: dict[str, Any], after: dict[str, Any]) -> None:
    """Let the record be about these, and nothing else; what changed goes into `before` and `after` of the caller's event.

    The record's `service` is the most critical service among them, so that lists can show and filter it.
    """
    was, keys_now = keys(uow, record), sorted(set(wanted))
    if was == keys_now:
        return
    found = {item.key: item for item in uow.session.scalars(
        select(ConfigurationItem).where(ConfigurationItem.key.in_(keys_now), ConfigurationItem.active))}  # fmt: skip
    gone = [key for key in keys_now if key not in found and key not in was]
    if gone or len(keys_now) > MOST:
        raise Invalid({"cis": t("Choose from the list, at most %(limit)s.", limit=MOST)})
    uow.session.execute(delete(Affected).where(Affected.record_id == record.id))
    known = select(ConfigurationItem).where(ConfigurationItem.key.in_(keys_now)).order_by(ConfigurationItem.criticality, ConfigurationItem.key)
    items = uow.session.scalars(known).all()
    uow.session.add_all(Affected(record_id=record.id, ci_id=item.id) for item in items)
    record.service = next((item.key for item in items if item.kind == "service"), None)
    before["cis"], after["cis"] = was, keys_now
