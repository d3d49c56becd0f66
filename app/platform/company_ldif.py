"""The company as entries of a directory: LDIF for slapd, and the same for the twin."""

import uuid
from collections.abc import Callable, Iterator

from app.platform import company
from app.platform.company import BASE, CAST, GROUPS, MAIL_DOMAIN, PEOPLE, Colleague, Group
from app.platform.ldif import entry
from app.rules.directory import DirectoryGroup, DirectoryPerson

PEOPLE_BASE = f"ou=people,{BASE}"
GROUPS_BASE = f"ou=groups,{BASE}"
EVERYBODY_ELSE = "*"


def person_dn(login: str) -> str:
    """Return where somebody is in the tree."""
    return f"uid={login},{PEOPLE_BASE}"


def group_dn(name: str) -> str:
    """Return where a group is in the tree."""
    return f"cn={name},{GROUPS_BASE}"


def ldif(passwords: dict[str, str], hashed: Callable[[str], str]) -> str:
    """Return the whole tree; `passwords` has one for each of the cast, and one for everybody else."""
    hashes = {login: hashed(password) for login, password in passwords.items()}
    top = (
        entry(BASE, {"objectClass": ["organization", "dcObject"], "o": company.NAME, "dc": BASE.partition(",")[0][3:]}),
        entry(PEOPLE_BASE, {"objectClass": "organizationalUnit", "ou": "people"}),
        entry(GROUPS_BASE, {"objectClass": "organizationalUnit", "ou": "groups"}),
    )
    people = (_person(each, hashes.get(each.login, hashes[EVERYBODY_ELSE])) for each in PEOPLE)
    return "\n".join((*top, *people, *map(_group, GROUPS)))


def _person(each: Colleague, password_hash: str) -> str:
    return entry(person_dn(each.login), {
        "objectClass": "inetOrgPerson", "entryUUID": stable_id(person_dn(each.login)), "uid": each.login, "cn": each.name, "displayName": each.name,
        "givenName": each.given_name, "sn": each.family_name, "mail": f"{each.login}@{MAIL_DOMAIN}", "title": each.title,
        "ou": each.department, "o": company.NAME, "manager": person_dn(each.manager) if each.manager else "",
        "preferredLanguage": each.language, "userPassword": password_hash,
        "pwdAccountLockedTime": "000001010000Z" if each.has_left else "",
    })


def _group(each: Group) -> str:
    return entry(group_dn(each.name), {
        "objectClass": "groupOfNames", "entryUUID": stable_id(group_dn(each.name)), "cn": each.name, "description": each.description, "owner": person_dn(each.owner),
        "member": list(_members(each)),
    })


def _members(group: Group) -> Iterator[str]:
    groups = {each.name for each in GROUPS}
    for name in group.members:
        yield group_dn(name) if name in groups else person_dn(name)


def twin_people() -> list[DirectoryPerson]:
    """Return everybody as the twin's entries; the same ids as in slapd."""
    return [
        DirectoryPerson(
            uid=stable_id(person_dn(each.login)), dn=person_dn(each.login), login=each.login, name=each.name,
            mails=(f"{each.login}@{MAIL_DOMAIN}",), given_name=each.given_name, family_name=each.family_name,
            title=each.title, department=each.department, manager_dn=person_dn(each.manager) if each.manager else None,
            locale=each.language, active=not each.has_left,
        )
        for each in PEOPLE
    ]


def twin_groups() -> list[DirectoryGroup]:
    """Return every group as the twin's entries."""
    return [
        DirectoryGroup(
            uid=stable_id(group_dn(each.name)), dn=group_dn(each.name), name=each.name, description=each.description,
            owner_dns=(person_dn(each.owner),), member_dns=tuple(_members(each)),
        )
        for each in GROUPS
    ]


def cast_logins() -> list[str]:
    """Return whom a visitor may be."""
    return [part.login for part in CAST]


def stable_id(dn: str) -> str:
    """Return an entry's id: the same each time the company is made, so that the desk knows everybody again."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"ldap:///{dn}"))
