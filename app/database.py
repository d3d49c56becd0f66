"""The engine and its sessions; the only module that connects to PostgreSQL."""

import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar

import psycopg
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from app.rules.errors import Unavailable
from app.rules.words import t
from app.settings import settings

# A page waits 5 s for the database and no longer (faults.md FT-06, FT-07).
CONNECT = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15000,
    "options": "-c timezone=UTC -c statement_timeout=15000 -c lock_timeout=5000"
    " -c idle_in_transaction_session_timeout=30000"
    # What is asked often lies in memory; and no question of ours is so long that compiling it would pay.
    " -c random_page_cost=1.1 -c jit=off",
}
PING_AFTER_SECONDS = 1.0


_asked: ContextVar[int] = ContextVar("asked", default=0)


def url() -> str:
    """Return the address of the database, or say what is missing."""
    address = settings().database_url.get_secret_value()
    if not address:
        raise Unavailable(t("No database: set DESK_DATABASE_URL, or start the desk with ./desk up."))
    return address


_one_at_a_time = threading.RLock()  # two first calls at once must not make two engines: one would never be closed
_known: dict[tuple[str, int], sessionmaker[Session]] = {}


def engine() -> Engine:
    """Return this process's engine; a forked child must call `forget()` first."""
    found: Engine = sessions().kw["bind"]
    return found


def sessions() -> sessionmaker[Session]:
    """Return the factory of sessions."""
    wanted = url(), settings().database_pool
    with _one_at_a_time:
        if wanted not in _known:
            _known[wanted] = sessionmaker(_made(*wanted), expire_on_commit=False)
        return _known[wanted]


def _made(address: str, pool: int) -> Engine:
    made = create_engine(  # lifo: the connection that was used last knows the most statements
        make_url(address), connect_args=CONNECT, pool_size=pool, max_overflow=pool, pool_timeout=5, pool_recycle=1800, pool_use_lifo=True,
    )  # fmt: skip
    event.listen(made, "before_cursor_execute", _count)
    event.listen(made, "checkin", _note_use)
    event.listen(made, "checkout", _ping_if_idle)
    return made


def _count(*_: object) -> None:
    _asked.set(_asked.get() + 1)


def asked() -> int:
    """Return how many statements this thread (or task) has sent so far."""
    return _asked.get()


def _note_use(connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    record.info["used"] = time.monotonic()


def _ping_if_idle(connection: DBAPIConnection, record: ConnectionPoolEntry, proxy: object) -> None:
    """Ask a connection that lay idle whether it still lives; where it does not, the pool opens all of them anew.

    `pool_pre_ping` asks at every use: a worker uses its connections hundreds of times a second.
    """
    used = record.info.get("used")
    if used is None or time.monotonic() - used < PING_AFTER_SECONDS:
        return
    try:
        engine().dialect.do_ping(connection)
    except psycopg.Error as gone:
        raise InvalidatePoolError from gone


def forget() -> None:
    """Close all connections, after a fork or when the settings change. An engine met again still knows its compiled statements."""
    with _one_at_a_time:
        for factory in _known.values():
            factory.kw["bind"].dispose()


def listen(*channels: str, seconds: float) -> Iterator[tuple[str, str] | None]:
    """Yield (channel, payload) of each NOTIFY, and None whenever `seconds` pass without one.

    Ends with psycopg.OperationalError when the connection is lost; the caller listens anew.
    """
    address = make_url(url()).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True, connect_timeout=5, keepalives_idle=5) as connection:
        for channel in channels:
            connection.execute(psycopg.sql.SQL("listen {}").format(psycopg.sql.Identifier(channel)))
        yield None
        while True:
            heard = False
            for notice in connection.notifies(timeout=seconds, stop_after=1):
                heard = True
                yield notice.channel, notice.payload
            if not heard:
                yield None
