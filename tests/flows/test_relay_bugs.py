"""Bugs of the relay that were found, each by its name."""

import pytest
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

from app.rules.consumers import CONSUMERS
from flows import runs
from tests import prefect_keeper


@pytest.mark.engine
def test_asking_for_unfinished_runs_is_understood_by_the_server(prefect_api: str) -> None:
    """The client sends no sort order by itself, and the server answered 422 once a minute."""
    with (
        temporary_settings({PREFECT_API_URL: prefect_api, PREFECT_API_AUTH_STRING: prefect_keeper.AUTH}),
        runs.connected() as prefect,
    ):
        assert prefect.unfinished(CONSUMERS) == set()
