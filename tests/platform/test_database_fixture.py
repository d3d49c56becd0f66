"""The fixture every other test stands on: clean, real, and seen by other connections."""

import psycopg
from sqlalchemy import make_url

from app.platform.schema import revisions


def connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))


def test_each_test_gets_the_newest_schema(db: str) -> None:
    current, newest = revisions()
    assert current == newest is not None


def test_what_one_test_commits_is_seen_by_its_other_connections(db: str) -> None:
    with connect(db) as one:
        one.execute("CREATE TABLE left_behind (id int)")
    with connect(db) as other:
        assert other.execute("SELECT count(*) FROM left_behind").fetchone() == (0,)


def test_what_one_test_commits_is_gone_for_the_next(db: str) -> None:
    with connect(db) as one:
        assert one.execute("SELECT to_regclass('left_behind')").fetchone() == (None,)
