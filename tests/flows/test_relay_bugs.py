"""Bugs of the relay that were found, each by its name."""

from datetime import timedelta

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
from prefect.states import Completed, Running

from flows import runs
from tests import prefect_keeper


@flow
def forgotten() -> None:
    """A flow of this test alone: other tests use the same server."""


@pytest.mark.engine
def test_asking_for_unfinished_runs_is_understood_by_the_server(prefect_api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client sends no sort order by itself, and the server answered 422 once a minute."""
    api = {PREFECT_API_URL: prefect_api, PREFECT_API_AUTH_STRING: prefect_keeper.AUTH}
    with temporary_settings(api), get_client(sync_client=True) as client, runs.connected() as prefect:
        run = client.create_flow_run(forgotten).id
        client.set_flow_run_state(run, Running(), force=True)
        assert prefect.unfinished(["forgotten"]) == set()  # it has just begun
        monkeypatch.setattr(runs, "LOST_AFTER", timedelta())
        assert prefect.unfinished(["forgotten"]) == {str(run)}
        client.set_flow_run_state(run, Completed(), force=True)
        assert prefect.unfinished(["forgotten"]) == set()
