"""Is this person who they say? One bind on a connection of its own, within one deadline, with one answer for every no."""

import logging
import secrets
import time

import ldap
from ldap.dn import escape_dn_chars
from ldap.filter import filter_format
from ldap.ldapobject import SimpleLDAPObject

from app.directory.access import Access
from app.directory.connections import throw_away, within
from app.directory.deadline import Deadline
from app.directory.entries import Entry, normal
from app.directory.reading import person, person_attributes
from app.directory.vendors import Vendor
from app.rules.directory import DirectoryPerson

LONGEST = 254
WRONG = (ldap.INVALID_CREDENTIALS, ldap.NO_SUCH_OBJECT, ldap.INAPPROPRIATE_AUTH, ldap.UNWILLING_TO_PERFORM,
         ldap.CONSTRAINT_VIOLATION, ldap.INVALID_DN_SYNTAX)

log = logging.getLogger(__name__)


def authenticate(access: Access, vendor: Vendor, people: str, login: str, password: str) -> DirectoryPerson | None:
    """Return the active person, or None; `people` is the filter that finds people."""
    began = time.monotonic()
    found = None
    if acceptable(login, password):
        deadline = Deadline(access.deadline, access.timeout)
        found = _find(access, vendor, people, login, deadline)
        if not _is_password(access, vendor, found, password, deadline):
            found = None
    if found is None or not found.active:
        time.sleep(max(0.0, began + access.refusal - time.monotonic()))
        return None
    return found


def acceptable(login: object, password: object) -> bool:
    """Say whether these may be put to a directory at all.

    An empty password would be an "unauthenticated bind", to which servers say yes (RFC 4513 section 5.1.2);
    what begins with NUL is empty to a server written in C.
    """
    if not isinstance(login, str) or not isinstance(password, str):
        return False
    return bool(login.strip()) and len(login) <= LONGEST and bool(password.strip()) and "\0" not in password


def _find(access: Access, vendor: Vendor, people: str, login: str, deadline: Deadline) -> DirectoryPerson | None:
    """Look for the user name, then the mail address; an address of two people is nobody's."""
    wanted = login.strip()
    found_by = filter_format(f"(&{people}(|({vendor.login}=%s)(mail=%s)))", [wanted, wanted])
    with throw_away(access, deadline) as connection:
        within(connection, deadline).simple_bind_s(access.bind_dn, access.bind_password)
        rows = within(connection, deadline).search_ext_s(
            access.people_base, ldap.SCOPE_SUBTREE, found_by, person_attributes(vendor))
    found = [each for dn, values in rows if dn is not None and (each := person(Entry(dn, values), vendor))]
    by_login = [each for each in found if each.login == wanted.casefold()]
    if len(by_login or found) > 1:
        log.warning("sign-in refused: %d people of the directory share one user name or address", len(found))
        return None
    return next(iter(by_login or found), None)


def _is_password(access: Access, vendor: Vendor, found: DirectoryPerson | None, password: str, deadline: Deadline) -> bool:
    """Bind as the person; for somebody unknown bind as nobody, so that both cost the directory a bind."""
    stranger = f"{vendor.login}={escape_dn_chars(secrets.token_hex(8))},{access.people_base}"
    dn = found.dn if found else stranger
    with throw_away(access, deadline) as connection:
        try:
            within(connection, deadline).simple_bind_s(dn, password)
        except WRONG:
            return False
        return found is not None and _is_bound_as(found, within(connection, deadline))


def _is_bound_as(found: DirectoryPerson, connection: SimpleLDAPObject) -> bool:
    """Ask the server whom it takes us for: a yes to nobody in particular is no yes."""
    said = str(connection.whoami_s() or "")
    kind, _, name = said.partition(":")
    same = (kind == "dn" and normal(name) == normal(found.dn)) or (
        kind == "u" and name.rpartition("\\")[2].casefold() == found.login)
    if not same:
        log.error("sign-in refused: the directory accepted the password but takes us for %r", said[:200])
    return same
