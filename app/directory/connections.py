"""Connections to the directory: one for each thread to read and change, and a throw-away one for each password.

The two are never the same object: a failed bind leaves a connection anonymous, and the next search would then find
that somebody "vanished". libldap's handles are for one thread, and must not be shared with a forked child.
"""

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import ldap
from ldap.ldapobject import ReconnectLDAPObject, SimpleLDAPObject

from app.directory.access import Access
from app.directory.deadline import Deadline
from app.directory.errors import DirectoryMisconfigured
from app.rules.words import t

TLS_1_2 = 0x303
RETRIES = 1                             # python-ldap tries anew after a time-out too: twice the limit, never more
RETRY_DELAY = 0.5                       # it would sleep this long with its lock held; its default is a minute


def prepared(connection: SimpleLDAPObject, access: Access, seconds: float) -> SimpleLDAPObject:
    """Set what must be set before the first byte: both time-outs, no chasing of referrals, and whom TLS believes."""
    connection.set_option(ldap.OPT_PROTOCOL_VERSION, ldap.VERSION3)
    connection.set_option(ldap.OPT_NETWORK_TIMEOUT, seconds)
    connection.set_option(ldap.OPT_TIMEOUT, seconds)            # without it a stalled server is waited for, for ever
    connection.set_option(ldap.OPT_REFERRALS, 0)
    if access.uses_tls:
        if access.authorities:
            connection.set_option(ldap.OPT_X_TLS_CACERTFILE, access.authorities)
        connection.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
        connection.set_option(ldap.OPT_X_TLS_PROTOCOL_MIN, TLS_1_2)
        connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)         # last: what was set before it counts, what comes after not
        connection.set_option(ldap.OPT_CONNECT_ASYNC, 1)        # else libldap 2.5 waits for ever in the handshake
    return connection


@contextmanager
def throw_away(access: Access, deadline: Deadline) -> Iterator[SimpleLDAPObject]:
    """Open a connection for one use, private where that was asked for, and bound to nobody yet."""
    connection = prepared(SimpleLDAPObject(access.url), access, deadline.left())
    _LIVE.add(connection)
    try:
        if access.uses_tls and not access.is_ldaps:
            connection.start_tls_s()
        yield connection
    finally:
        with suppress(ldap.LDAPError):  # it is thrown away either way
            connection.unbind_s()


def within(connection: SimpleLDAPObject, deadline: Deadline) -> SimpleLDAPObject:
    """Give the next operation of a throw-away connection what is left of the time."""
    seconds = deadline.left()
    connection.set_option(ldap.OPT_NETWORK_TIMEOUT, seconds)
    connection.set_option(ldap.OPT_TIMEOUT, seconds)
    return connection


class DeskConnection(ReconnectLDAPObject):  # type: ignore[misc]  # python-ldap has no types
    """The desk's own connection: it comes back by itself after the server was away."""

    def start_tls_s(self) -> None:
        """Make the connection private, or fail: python-ldap's own way is to connect anew and bind, in clear."""
        SimpleLDAPObject.start_tls_s(self)
        self._start_tls = 1                     # its mark to do the same after each reconnect


class ServiceConnections:
    """The desk's own connection, one for each thread, opened when first needed and again when it broke."""

    def __init__(self, access: Access) -> None:
        """Open nothing yet: a server that forks its workers must not have opened any."""
        self.access = access
        self._mine = threading.local()
        _OWNERS.add(self)

    def connection(self) -> DeskConnection:
        """Return this thread's connection, bound as the desk."""
        connection: DeskConnection | None = getattr(self._mine, "connection", None)
        if connection is None:
            connection = self._open()
            self._mine.connection = connection
        return connection

    def probed(self) -> DeskConnection:
        """Return this thread's connection, alive and still the desk's: for reads that cannot be begun anew half-way."""
        connection = self.connection()
        if self.access.bind_dn and not connection.whoami_s():
            raise DirectoryMisconfigured(t("The directory no longer knows the desk's own account."))
        return connection

    def drop(self) -> None:
        """Forget this thread's connection after a fault; the next use opens a new one."""
        connection: DeskConnection | None = getattr(self._mine, "connection", None)
        self._mine.connection = None
        if connection is not None:
            with suppress(ldap.LDAPError, AttributeError):      # it was broken, or is gone: python-ldap deletes it
                connection.unbind_s()

    def forget(self) -> None:
        """Start empty in a forked child."""
        self._mine = threading.local()

    def _open(self) -> DeskConnection:
        access = self.access
        connection = DeskConnection(access.url, retry_max=RETRIES, retry_delay=RETRY_DELAY)
        prepared(connection, access, access.timeout)
        _LIVE.add(connection)
        if access.uses_tls and not access.is_ldaps:
            connection.start_tls_s()
        connection.simple_bind_s(access.bind_dn, access.bind_password)
        return connection


_LIVE: "weakref.WeakSet[SimpleLDAPObject]" = weakref.WeakSet()
_OWNERS: "weakref.WeakSet[ServiceConnections]" = weakref.WeakSet()


def _after_fork_in_child() -> None:
    """Cut the child off from its parent's connections, or freeing them here would say good-bye in the parent's name."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for connection in list(_LIVE):
        try:
            os.dup2(nowhere, connection.fileno())
        except (ldap.LDAPError, AttributeError, OSError):
            continue                    # it was not open
    os.close(nowhere)
    for owner in list(_OWNERS):
        owner.forget()


os.register_at_fork(after_in_child=_after_fork_in_child)
