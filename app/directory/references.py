"""Makes the references between people and groups fit: a manager's DN may be spelled unlike the manager's own entry."""

from dataclasses import replace

from app.directory.entries import normal
from app.rules.directory import DirectoryGroup, DirectoryPerson, DirectorySnapshot


def fitted(people: tuple[DirectoryPerson, ...], groups: tuple[DirectoryGroup, ...]) -> DirectorySnapshot:
    """Return both with every DN inside spelled as the entry spells its own, and user names of members turned into DNs."""
    own = {normal(dn): dn for dn in (*(person.dn for person in people), *(group.dn for group in groups))}
    by_login = {person.login: person.dn for person in people}

    def spelled(dn: str) -> str:
        return own.get(normal(dn), dn)

    def fitted_group(group: DirectoryGroup) -> DirectoryGroup:
        named = [by_login[login.casefold()] for login in group.member_logins if login.casefold() in by_login]
        members = dict.fromkeys([*map(spelled, group.member_dns), *named])
        return replace(group, owner_dns=tuple(map(spelled, group.owner_dns)), member_dns=tuple(members))

    return DirectorySnapshot(
        people=tuple(replace(each, manager_dn=spelled(each.manager_dn)) if each.manager_dn else each for each in people),
        groups=tuple(map(fitted_group, groups)),
    )
