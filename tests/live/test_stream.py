"""Live streams say that something changed, to those who may see it, as long as they may (security.md 5)."""

import http.client
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from app import database
from app.live import application, hub
from app.models.people import Person, SignInSession
from app.models.records import Participant, Record
from app.platform.ports import free_port
from app.services import requests, sessions
from app.settings import ROOT
from app.unit_of_work import unit_of_work
from tests.cast import person_id
from tests.live.conftest import BASE, Listener, Live, sign_in, wait_for
from tests.services.test_majors import accepted
from tests.services.test_requests import decide, planned


def order(key: str = "key-1", who: str = "ana") -> tuple[str, str]:
    """Return the numbers of a new request and its item, which waits for approval."""
    item = planned(who, key=key)
    with database.sessions()() as session:
        from app.models.requests import Item

        return session.query(Item).filter_by(number=item).one().request.number, item


def say(number: str, body: str = "Hello") -> None:
    with unit_of_work("bo") as uow:
        requests.reply(uow, number, body)


def test_whoever_may_see_a_record_hears_that_it_changed_and_nothing_more(live: Live) -> None:
    request, item = order()
    with live.listen(sign_in("ana"), request, item) as stream:
        assert stream.answer.status == 200
        assert stream.answer.headers["Content-Type"].startswith("text/event-stream")
        assert stream.next() == ("ready", {"numbers": sorted([request, item]), "pages": []})
        say(request, "a secret word")
        assert stream.next() == ("changed", {"number": request})
        decide("helena", item)
        assert stream.next() == ("changed", {"number": item})


def test_somebody_elses_record_is_silent_and_looks_like_one_that_does_not_exist(live: Live) -> None:
    request, item = order()
    mine, _ = order("key-2", "zeca")
    with live.listen(sign_in("zeca"), request, item, "REQ9999999", "*", "REQ%", mine) as stream:
        assert stream.next() == ("ready", {"numbers": [mine], "pages": []})
        say(request)
        decide("helena", item)
        say(mine)
        assert stream.next() == ("changed", {"number": mine})


@pytest.mark.parametrize("cookie", ["", "desk=forged", "desk=eyJfdXNlcl9pZCI6IjEifQ.aaaaaa.bbbbbbbb", "other=1", "desk="])
def test_without_a_session_there_is_no_stream(live: Live, cookie: str) -> None:
    with live.listen(cookie, "REQ0000001") as stream:
        assert stream.answer.status == 401


def ended_within(stream: Listener, seconds: float) -> bool:
    started = time.monotonic()
    while stream.next() != ("", None):
        pass
    return time.monotonic() - started <= seconds


def test_a_stream_ends_when_the_session_does(live: Live) -> None:
    request, _ = order()
    cookie = sign_in("ana")
    with live.listen(cookie, request) as stream:
        stream.next()
        with unit_of_work("ana") as uow:
            sessions.end_all(uow, person_id("ana"), "test")
        assert ended_within(stream, 2)  # an event says so: no need to wait for the next check
    with live.listen(cookie, request) as again:
        assert again.answer.status == 401


def test_a_stream_ends_within_five_seconds_of_a_silent_revocation(live: Live) -> None:
    request, _ = order()
    with live.listen(sign_in("ana"), request) as stream:
        stream.next()
        with database.sessions().begin() as session:
            session.execute(update(SignInSession).values(ended_at=datetime.now(UTC)))
        assert ended_within(stream, 5)


def test_a_disabled_person_hears_nothing_more(live: Live) -> None:
    request, _ = order()
    with live.listen(sign_in("ana"), request) as stream:
        stream.next()
        with database.sessions().begin() as session:
            session.execute(update(Person).where(Person.login == "ana").values(active=False))
        assert ended_within(stream, 5)


def test_whoever_loses_a_record_hears_no_more_of_it(live: Live) -> None:
    request, item = order()
    with live.listen(sign_in("helena"), request, item, pages="approvals") as stream:
        assert stream.next()[0] == "ready"
        [open_stream] = live.server.hub.streams()
        assert item in (open_stream.allowed or ())
        with database.sessions().begin() as session:
            session.query(Participant).delete()
            session.execute(update(Person).where(Person.login == "ana").values(manager_id=None))
        wait_for(lambda: open_stream.allowed == frozenset(), 5)
        say(request)
        with database.sessions().begin() as session:
            session.execute(update(Person).where(Person.login == "ana").values(manager_id=person_id("helena")))
        wait_for(lambda: request in (open_stream.allowed or ()), 6)
        assert stream.next()[0] == "changed"  # back in sight, which counts as a change


def test_a_restricted_record_is_silent_for_roles(live: Live) -> None:
    request, _ = order()
    with live.listen(sign_in("caro"), request) as unknown, live.listen(sign_in("bo"), request) as stream:
        assert stream.next()[1]["numbers"] == [request]
        assert unknown.next()[1]["numbers"] == []
        with database.sessions().begin() as session:
            session.execute(update(Record).values(restricted=True, team_id=None))
        mine = live.server.hub.streams(person_id("bo"))[0]
        wait_for(lambda: mine.allowed == frozenset(), 5)


def test_a_worklist_hears_of_records_it_does_not_know_yet(live: Live) -> None:
    with live.listen(sign_in("helena"), pages="approvals,everything") as stream, live.listen(sign_in("zeca"), pages="approvals,requests,tasks") as other:
        assert stream.next() == ("ready", {"numbers": [], "pages": ["approvals"]})
        other.next()
        order()
        assert stream.next() == ("changed", {"page": "approvals"})
        order("key-2", "zeca")
        assert other.next() == ("changed", {"page": "requests"})  # and nothing of ana's


def test_the_bell_hears_of_ones_own_news_alone(live: Live) -> None:
    with live.listen(sign_in("helena"), pages="inbox") as hers, live.listen(sign_in("zeca"), pages="inbox,requests") as his:
        assert hers.next() == ("ready", {"numbers": [], "pages": ["inbox"]})
        his.next()
        order()
        assert hers.next() == ("changed", {"page": "inbox"})
        order("key-2", "zeca")
        assert his.next() == ("changed", {"page": "requests"})  # what zeca orders is no news to zeca


def test_a_worklist_that_was_shown_before_the_stream_began_is_asked_for_once(live: Live) -> None:
    with live.listen(sign_in("helena"), pages="approvals", extra="&since=2026-01-01T00:00:00%2B00:00") as stream:
        assert stream.next() == ("ready", {"numbers": [], "pages": ["approvals"]})
        assert stream.next() == ("changed", {"page": "approvals"})


def test_whom_a_major_incident_affects_hears_of_it_and_nobody_else(live: Live) -> None:
    with live.listen(sign_in("ana"), pages="outages") as hers, live.listen(sign_in("zeca"), pages="outages,requests") as his:
        assert hers.next() == ("ready", {"numbers": [], "pages": ["outages"]})
        his.next()
        number = accepted()
        assert hers.next() == ("changed", {"page": "outages"})
        order("key-2", "zeca")
        assert his.next() == ("changed", {"page": "requests"})  # and nothing of the outage
    ago, later = ((datetime.now(UTC) + timedelta(hours=hours)).isoformat().replace("+", "%2B") for hours in (-1, 1))
    with database.sessions().begin() as session:
        session.execute(update(Record).where(Record.number == number).values(updated_at=datetime.now(UTC)))
    with live.listen(sign_in("ana"), pages="outages", extra=f"&since={ago}") as hers:
        assert [hers.next(), hers.next()][1] == ("changed", {"page": "outages"})
    with live.listen(sign_in("zeca"), pages="outages,requests", extra=f"&since={later}") as his:  # no page is asked for without a reason
        assert [his.next(), his.next()][1] == ("changed", {"page": "requests"})


def test_only_our_own_pages_may_listen(live: Live) -> None:
    request, _ = order()
    ana = sign_in("ana")
    with live.listen(ana, request, Origin=BASE) as stream:
        assert stream.answer.status == 200
        assert stream.answer.headers["Access-Control-Allow-Origin"] == BASE
        assert stream.answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert "Origin" in stream.answer.headers["Vary"]
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        with live.listen(ana, request, **headers) as stream:
            assert stream.answer.status == 403
            assert "Access-Control-Allow-Origin" not in stream.answer.headers


def test_a_browser_that_comes_back_hears_that_all_may_have_changed(live: Live) -> None:
    request, item = order()
    with live.listen(sign_in("ana"), request, item, **{"Last-Event-ID": "7"}) as stream:
        stream.next()
        assert {stream.next()[1]["number"] for _ in range(2)} == {request, item}


def test_what_changed_between_the_page_and_the_stream_is_not_missed(live: Live) -> None:
    request, item = order()
    then = (datetime.now(UTC) - timedelta(seconds=1)).isoformat().replace("+", "%2B")
    with live.listen(sign_in("ana"), request, extra=f"&since={then}") as stream:
        stream.next()
        assert stream.next() == ("changed", {"number": request})
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat().replace("+", "%2B")
    with live.listen(sign_in("ana"), request, item, extra=f"&since={later}") as stream:
        stream.next()
        decide("helena", item)
        assert stream.next() == ("changed", {"number": item})


def test_what_changes_while_the_stream_opens_is_kept_and_judged() -> None:
    opening = hub.Stream(1, "hash", frozenset({"REQ0000001", "REQ0000002"}), frozenset())
    streams = hub.Hub()
    streams.open(opening)
    streams.changed("REQ0000001")
    streams.changed("REQ0000002")
    hub.allow(opening, {"REQ0000002"})
    assert opening.changed == {"REQ0000002": "number"}


def test_nobody_holds_more_streams_than_allowed(live: Live) -> None:
    ana = sign_in("ana")
    streams = [live.listen(ana) for _ in range(hub.PER_PERSON)]
    try:
        with live.listen(ana) as one_more:
            assert one_more.answer.status == 429
        with live.listen(sign_in("bo")) as other:
            assert other.answer.status == 200
    finally:
        for stream in streams:
            stream.__exit__(None, None, None)
    wait_for(lambda: len(live.server.hub) == 0)
    with live.listen(ana, *(f"REQ{number:07d}" for number in range(application.MOST_NUMBERS + 1))) as many:
        assert many.answer.status == 400


def test_a_connection_to_the_database_that_was_cut_loses_no_change(live: Live) -> None:
    request, _ = order()
    with live.listen(sign_in("ana"), request) as stream:
        stream.next()
        with database.engine().begin() as connection:
            connection.exec_driver_sql("select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen%%'")
        assert stream.next() == ("changed", {"number": request})  # told that it may have missed something
        say(request)
        assert stream.next() == ("changed", {"number": request})


def test_sigterm_ends_streams_and_process_at_once(cast: str) -> None:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "app.live"], cwd=ROOT, env={**os.environ, "DESK_LIVE_PORT": str(port)},
                               stdout=subprocess.DEVNULL)  # fmt: skip
    try:
        wait_for(lambda: _answers(port), 30)
        with Listener(port, "/stream", {"Cookie": sign_in("ana")}) as stream:
            assert stream.next()[0] == "ready"
            process.send_signal(signal.SIGTERM)
            assert stream.next() == ("", None)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        connection.request("GET", "/livez")
        status = connection.getresponse().status
        connection.close()
    except OSError:
        return False
    return status == 200
