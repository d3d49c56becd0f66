"""A small company for these tests; every password is `<login>-secret`."""

from app.platform import ldif
from app.platform.slapd_setup import salted_hash

BASE = "dc=test,dc=example"
PEOPLE = f"ou=people,{BASE}"
GROUPS = f"ou=groups,{BASE}"
ANA, BO, CARO, DAVI, EVA = (f"uid={login},{PEOPLE}" for login in ("ana", "bo", "caro", "davi", "eva"))


def entry(dn: str, **attributes: str | list[str]) -> str:
    """Return one LDIF entry."""
    return ldif.entry(dn, attributes)


def person(login: str, name: str = "", *, dn: str = "", **more: str | list[str]) -> str:
    """Return a person's entry."""
    name = name or login.capitalize()
    fields: dict[str, str | list[str]] = {
        "objectClass": "inetOrgPerson", "uid": login, "cn": name, "sn": name.split()[-1],
        "mail": f"{login}@test.example", "userPassword": salted_hash(f"{login}-secret"),
    }
    return entry(dn or f"uid={login},{PEOPLE}", **(fields | more))


def group(name: str, *members: str, kind: str = "groupOfNames", attribute: str = "member", **more: str | list[str]) -> str:
    """Return a group's entry."""
    return entry(f"cn={name},{GROUPS}", objectClass=kind, cn=name, **{attribute: list(members)}, **more)


def tree() -> str:
    """Return the base and its two branches."""
    return "\n".join((
        entry(BASE, objectClass=["organization", "dcObject"], o="Test", dc="test"),
        entry(PEOPLE, objectClass="organizationalUnit", ou="people"),
        entry(GROUPS, objectClass="organizationalUnit", ou="groups"),
    ))


def company(*more: str) -> str:
    """Return the company: the fixed cast, ana led by davi, and a group for each class the desk can change."""
    return "\n".join((
        tree(),
        person("ana", "Ana Ribeiro", manager=DAVI.upper().replace("DC=", "dc="), ou="Finance", preferredLanguage="pt-BR"),
        person("bo", "Bo Lindqvist", mail=["bo@test.example", "bosse@test.example"]),
        person("caro", "Caro Nunes"), person("davi", "Davi Prado"), person("eva", "Eva Moreira"),
        group("finance-rw", DAVI, owner=DAVI),
        group("wiki", BO, kind="groupOfUniqueNames", attribute="uniqueMember"),
        group("unix", "bo", kind="posixGroup", attribute="memberUid", gidNumber="5000"),
        *more,
    ))
