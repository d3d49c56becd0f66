"""Bugs of the connection to the database that were found, each by its name."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from app import database


def test_first_calls_at_the_same_moment_share_one_engine(db: str) -> None:
    """Each of them made its own before; all but one were never closed, and their connections leaked."""
    start = Barrier(16)

    def ask(_: int) -> int:
        start.wait()
        return id(database.sessions().kw["bind"])

    for _ in range(20):
        database.forget()
        with ThreadPoolExecutor(16) as pool:
            assert len(set(pool.map(ask, range(16)))) == 1
