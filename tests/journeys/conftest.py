"""The demonstration as a stranger starts it, one for all journeys, and a browser that is strict about what it sees."""

from collections.abc import Iterator

import pytest

from tests.journeys.demonstration import Demonstration


@pytest.fixture(scope="module")
def demo() -> Iterator[Demonstration]:
    """`desk demo` on free ports, with its own PostgreSQL, slapd, Prefect, relay, worker, web, live and mail server."""
    with Demonstration() as running:
        yield running
