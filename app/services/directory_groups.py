"""Groups of the directory as the desk keeps them: owners, members, and the roles that some of them give."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import delete, insert, select

from app.models.directory import DirectoryGroup, GroupMember, GroupOwner
from app.models.people import Person, RoleGrant
from app.rules import audit
from app.rules import directory as rules
from app.rules.errors import ActionNotAllowed
from app.rules.words import t
from app.services import people
from app.settings import matrix
from app.unit_of_work import UnitOfWork

STREAM: Final = "directory"
SOURCE: Final = "directory"


class TooMuchGone(ActionNotAllowed):
    """One run would take more groups or roles away than is believable; nothing was changed."""


def renew(
    uow: UnitOfWork, groups: Sequence[rules.DirectoryGroup], by_dn: Mapping[str, int], counts: Counter[str], *, force: bool
) -> None:  # fmt: skip
    """Make the desk's groups as the directory's; one that is gone is marked, not forgotten. `by_dn` are people's ids."""
    known = {group.uid: group for group in uow.session.scalars(select(DirectoryGroup))}
    present = {uid for uid, group in known.items() if group.gone_at is None}
    gone = present - {found.uid for found in groups}
    if rules.disables_too_many(len(gone), len(present)) and not force:
        raise TooMuchGone(
            t("%(gone)s of %(known)s groups would be gone at once, so nothing was changed. If it is true: desk directory sync --force.",
              gone=len(gone), known=len(present))
        )  # fmt: skip
    for uid in sorted(gone):
        known[uid].gone_at = uow.now
        uow.record_event(STREAM, "group.end", after={"group": known[uid].id})
    counts["groups_gone"] += len(gone)
    owners_kept = any(found.owner_dns for found in groups)      # a directory that keeps no owners decides about none
    for found in groups:
        row = _group(uow, known.get(found.uid), found, counts)
        if owners_kept:
            _own(uow, row, _ids(found.owner_dns, by_dn), counts)
        _fill(uow, row, _ids(found.member_dns, by_dn), counts)


def _group(uow: UnitOfWork, row: DirectoryGroup | None, found: rules.DirectoryGroup, counts: Counter[str]) -> DirectoryGroup:
    if row is None:
        row = DirectoryGroup(uid=found.uid, dn=found.dn, name=found.name, description=found.description)
        uow.session.add(row)
        uow.session.flush()
        uow.record_event(STREAM, "group.create", after={"group": row.id, "dn": audit.digest(found.dn)})
        counts["groups_new"] += 1
        return row
    wanted = {"dn": found.dn, "name": found.name, "description": found.description, "gone_at": None}
    changed = {name: value for name, value in wanted.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    if changed:
        uow.record_event(STREAM, "group.change", after={"group": row.id, "fields": sorted(changed), "dn": audit.digest(found.dn)})
        counts["groups_changed"] += 1
    return row


def _own(uow: UnitOfWork, row: DirectoryGroup, wanted: set[int], counts: Counter[str]) -> None:
    """Follow the directory's owners; those recorded in the desk by hand stay."""
    owners = list(uow.session.scalars(select(GroupOwner).where(GroupOwner.group_id == row.id)))
    had = {owner.person_id for owner in owners}
    ended = [owner for owner in owners if owner.source == SOURCE and owner.person_id not in wanted]
    for owner in ended:
        uow.session.delete(owner)
    uow.session.add_all(GroupOwner(group_id=row.id, person_id=person_id, source=SOURCE) for person_id in wanted - had)
    if ended or wanted - had:
        after = {"group": row.id, "new": sorted(wanted - had), "ended": sorted(owner.person_id for owner in ended)}
        uow.record_event(STREAM, "group.own", after=after)
        counts["owners_changed"] += 1


def _fill(uow: UnitOfWork, row: DirectoryGroup, wanted: set[int], counts: Counter[str]) -> None:
    had = set(uow.session.scalars(select(GroupMember.person_id).where(GroupMember.group_id == row.id)))
    if ended := had - wanted:
        uow.session.execute(delete(GroupMember).where(GroupMember.group_id == row.id, GroupMember.person_id.in_(ended)))
    if new := wanted - had:
        uow.session.execute(insert(GroupMember), [{"group_id": row.id, "person_id": person_id} for person_id in sorted(new)])
    counts["members_changed"] += len(had ^ wanted)


def give_roles(
    uow: UnitOfWork, groups: Sequence[rules.DirectoryGroup], by_dn: Mapping[str, int], counts: Counter[str], *, force: bool
) -> None:  # fmt: skip
    """Give the roles of config/roles.toml's [groups] to the groups' members, nested too, and take back what ended.

    A role keeps its origin: one given by hand is never touched. A group that is gone gives nothing any more.
    """
    wanted = _wanted(uow, groups, by_dn)
    uids = select(DirectoryGroup.uid)
    held = {(grant.person_id, grant.role, grant.source) for grant in
            uow.session.scalars(select(RoleGrant).where(RoleGrant.source.in_(uids)))}
    ended = held - wanted
    if rules.disables_too_many(len(ended), len(held)) and not force:
        raise TooMuchGone(
            t("%(gone)s of %(known)s roles would end at once, so nothing was changed. If it is true: desk directory sync --force.",
              gone=len(ended), known=len(held))
        )  # fmt: skip
    for person_id, role, source in sorted(wanted - held):
        people.grant(uow, person_id, role, source=source)
        counts["roles_given"] += 1
    for person_id, role, source in sorted(ended):
        try:
            people.revoke(uow, person_id, role, source=source)
            counts["roles_ended"] += 1
        except ActionNotAllowed:  # the last administrator keeps the role
            counts["roles_kept"] += 1


def _wanted(uow: UnitOfWork, groups: Sequence[rules.DirectoryGroup], by_dn: Mapping[str, int]) -> set[tuple[int, str, str]]:
    roles = {_spelled(key): role for key, role in matrix().groups.items()}
    wanted: set[tuple[int, str, str]] = set()
    for group in groups:
        role = roles.get(_spelled(group.uid)) or roles.get(_spelled(group.dn))
        if role is not None:
            wanted |= {(person_id, role, group.uid) for person_id in _ids(rules.people_in(group, groups), by_dn)}
    active = set(uow.session.scalars(select(Person.id).where(Person.active, Person.id.in_({each[0] for each in wanted}))))
    return {each for each in wanted if each[0] in active}


def _spelled(key: str) -> str:
    """Return a DN without the differences in case and spaces that do not count."""
    return ",".join(part.strip() for part in key.casefold().split(","))


def _ids(dns: Iterable[str], by_dn: Mapping[str, int]) -> set[int]:
    return {by_dn[dn] for dn in dns if dn in by_dn}
