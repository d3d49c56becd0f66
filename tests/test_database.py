"""Bugs of the connection to the database that were found, each by its name."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import text

from app import database


def test_first_calls_at_the_same_moment_share_one_engine(db: str) -> None:
    """Each of them made its own before; all but one were never closed, and their connections leaked."""
    start = Barrier(16)

    def ask(_: int) -> int:
        start.wait()
        return id(database.sessions().kw["bind"])

    for _ in range(20):
        database.forget()
        database._known.clear()
        with ThreadPoolExecutor(16) as pool:
            assert len(set(pool.map(ask, range(16)))) == 1


def test_a_connection_that_died_while_it_lay_idle_is_replaced(db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PING_AFTER_SECONDS", 0.0)
    with database.sessions()() as first, database.sessions()() as second:
        mine = first.scalar(text("select pg_backend_pid()"))
        second.scalar(text("select pg_backend_pid()"))
        first.close()  # back in the pool
        assert second.scalar(text("select pg_terminate_backend(:pid, 5000)"), {"pid": mine})
        assert first.scalar(text("select pg_backend_pid()")) != mine
