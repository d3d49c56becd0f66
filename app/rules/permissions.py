"""Who may do what: one matrix, read from config/roles.toml, used by services, queries, pages and tests.

A permission is granted to roles (`analyst`) and to relations a person has to the record (`requester`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Relation(StrEnum):
    """How a person stands to one record."""

    REQUESTER = "requester"
    BENEFICIARY = "beneficiary"
    OPENER = "opener"
    WATCHER = "watcher"
    NAMED = "named"
    APPROVER = "approver"  # also whoever an approver delegated to
    ASSIGNEE = "assignee"
    TEAM = "team"  # member of the record's team
    MANAGER = "manager"  # manager, at any height, of requester or beneficiary


# An analyst's own ticket is handled with requester rights (domain.md 1).
OWN = frozenset({Relation.REQUESTER, Relation.BENEFICIARY})
WORKING = frozenset({Relation.TEAM, Relation.ASSIGNEE})
VIEW = "view"
INSIDE = (".call", ".note", ".log_time")  # what is written inside about a record is not for whoever has it, on whatever team


@dataclass(frozen=True)
class Role:
    """A role that people hold, with its names for the screen."""

    key: str
    name: str
    name_pt: str
    is_staff: bool


@dataclass(frozen=True, eq=False)
class Matrix:
    """The permission matrix: for each permission the roles and relations that have it."""

    roles: Mapping[str, Role]
    grants: Mapping[str, frozenset[str]]
    groups: Mapping[str, str] = field(default_factory=dict)  # directory group (uid or DN) → role

    def roles_for(self, permission: str) -> frozenset[str]:
        """Return the roles that hold this permission."""
        return self.grants[permission] & self.roles.keys()

    def relations_for(self, permission: str) -> frozenset[Relation]:
        """Return the relations that hold this permission."""
        return frozenset(Relation(who) for who in self.grants[permission] - self.roles.keys())

    def allows(
        self, permission: str, roles: frozenset[str], relations: Iterable[Relation] = (), *, restricted: bool = False
    ) -> bool:
        """Answer whether somebody with these roles and relations may do this.

        Roles do not count on a restricted record, nor, except to look, on one's own; on one's own incident, and for what
        is written inside, neither does being of its team.
        """
        mine = frozenset(relations)
        if mine & OWN and ((permission.startswith("incident.") and not permission.endswith("." + VIEW)) or permission.endswith(INSIDE)):
            mine -= WORKING
        if self.relations_for(permission) & mine:
            return True
        if restricted or (mine & OWN and not permission.endswith("." + VIEW)):
            return False
        return bool(self.roles_for(permission) & roles)


def parse(raw: Mapping[str, object]) -> Matrix:
    """Build the matrix from the parsed TOML; ValueError names the first wrong entry."""
    tables = {name: dict(value) for name, value in raw.items() if isinstance(value, Mapping)}
    roles = {
        key: Role(key, str(role["name"]), str(role["name_pt"]), bool(role.get("staff", False)))
        for key, role in tables.get("roles", {}).items()
    }
    if not roles:
        raise ValueError("roles.toml: no [roles.<key>] table")
    known = roles.keys() | {relation.value for relation in Relation}
    grants: dict[str, frozenset[str]] = {}
    for permission, who in tables.get("permissions", {}).items():
        unknown = [entry for entry in who if entry not in known]
        if unknown:
            raise ValueError(f"roles.toml: permission {permission!r} names {unknown[0]!r}, which is no role or relation")
        grants[permission] = frozenset(who)
    groups = {str(group): str(role) for group, role in tables.get("groups", {}).items()}
    for group, role in groups.items():
        if role not in roles:
            raise ValueError(f"roles.toml: group {group!r} gives {role!r}, which is no role")
    return Matrix(roles, grants, groups)
