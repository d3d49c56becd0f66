"""Who looks at a record and who writes on it: told to those who work here, at once, by every process, and stored nowhere."""

import asyncio
import http.client
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.live import watch
from app.live.hub import Hub, Stream
from app.live.presence import FORGET_SECONDS, WRITES_SECONDS, Presence
from tests.live.conftest import BASE, Listener, Live, sign_in
from tests.services.incidents_scene import reported


def people(event: tuple[str, Any]) -> tuple[str, list[tuple[str, bool]]]:
    name, said = event
    assert name == "presence", event
    return said["number"], [(each["name"], each["writing"]) for each in said["people"]]


def write(live: Live, who: str, number: str, origin: str = BASE) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=10)
    connection.request("POST", f"/writing?number={number}", headers={"Cookie": who} | ({"Origin": origin} if origin else {}))
    status = connection.getresponse().status
    connection.close()
    return status


def at(live: Live, who: str, number: str) -> Listener:
    stream = live.listen(who, number, extra=f"&here={number}")
    assert stream.next()[0] == "ready"
    return stream


def test_who_comes_writes_and_goes_is_told_to_those_who_work_here_and_to_nobody_else(live: Live) -> None:
    number = reported()
    bo, caro, ana = sign_in("bo"), sign_in("caro"), sign_in("ana")
    with at(live, bo, number) as his, live.listen(ana, number, extra=f"&here={number}") as hers:
        assert hers.next()[0] == "ready"
        with at(live, caro, number) as other:
            assert people(other.next()) == (number, [("Bo Andersen", False)])  # who was there already
            assert people(his.next()) == (number, [("Caro Mendes", False)])
            assert write(live, caro, number) == 204
            assert people(his.next()) == (number, [("Caro Mendes", True)])
            assert write(live, bo, number, origin="http://evil.test") == 403
            assert write(live, bo, number, origin="") == 403
            assert write(live, "", number) == 404
            assert write(live, ana, number) == 404  # an employee is told of nobody, and nobody of her
            assert write(live, bo, "INC9999999") == 404
        assert people(his.next()) == (number, [])
        with at(live, bo, number) as again:  # a second window of the same person is not somebody else
            assert write(live, bo, number) == 204
            again.answer.close()


def test_whoever_may_not_see_a_record_is_not_there_and_hears_of_nobody(live: Live) -> None:
    number = reported()
    with at(live, sign_in("bo"), number), live.listen(sign_in("davi"), number, extra=f"&here={number}") as stream:
        assert stream.next() == ("ready", {"numbers": [], "pages": []})
        assert write(live, sign_in("davi"), number) == 404


class Two:
    """Two processes and the wire between them, at a clock of the test's."""

    def __init__(self) -> None:
        self.now, self.is_cut = 0.0, False
        self.hubs = (Hub(), Hub())
        self.both = tuple(Presence(hub, self.tell, lambda: self.now) for hub in self.hubs)

    def tell(self, payload: str) -> None:
        assert len(payload) < 8000
        if not self.is_cut:
            for presence in getattr(self, "both", ()):
                presence.heard(payload)

    def stream(self, place: int, person: int, name: str, *numbers: str) -> Stream:
        wanted = frozenset(numbers)
        stream = Stream(person, f"token-{person}", wanted, frozenset(), wanted, name, is_inside=True, allowed=wanted)
        self.hubs[place].open(stream)
        self.both[place].arrive(stream)
        return stream


def names(presence: Presence, number: str) -> list[tuple[str, bool]]:
    return [(each["name"], each["writing"]) for each in presence.at(number, besides=0)]


def test_processes_tell_each_other_and_forget_whom_a_dead_one_told_of() -> None:
    two = Two()
    one, other = two.both
    two.stream(0, 1, "Ana", "INC0000001")
    two.stream(1, 2, "Bo", "INC0000001")
    assert names(one, "INC0000001") == names(other, "INC0000001") == [("Ana", False), ("Bo", False)]
    assert one.write(1, "INC0000001")
    assert not one.write(2, "INC0000001")  # his browser is at the other process
    assert names(other, "INC0000001") == [("Ana", True), ("Bo", False)]
    two.now += WRITES_SECONDS + 1
    for presence in two.both:
        presence.tell_again()
    assert names(other, "INC0000001") == [("Ana", False), ("Bo", False)]
    two.is_cut = True  # the first process dies without a word
    two.now += FORGET_SECONDS + 1
    other.tell_again()
    assert names(other, "INC0000001") == [("Bo", False)]


def test_who_may_see_a_record_no_more_is_gone_from_it() -> None:
    two = Two()
    stream = two.stream(0, 1, "Ana", "INC0000001", "INC0000002")
    stream.allowed = frozenset({"INC0000002"})
    two.both[0].arrive(stream)
    assert names(two.both[1], "INC0000001") == []
    assert names(two.both[1], "INC0000002") == [("Ana", False)]


def test_many_people_fit_into_what_one_word_of_the_database_holds() -> None:
    two = Two()
    for person in range(1, 400):
        two.stream(0, person, f"Somebody with a rather long name {person}", "INC0000001")
    two.both[0].tell_again()
    assert len(names(two.both[1], "INC0000001")) == 399


def test_a_browser_that_leaves_while_it_is_asked_about_does_not_come_back_as_a_ghost(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stayed at the record for ever, and nobody was told when that person really came again."""
    with ThreadPoolExecutor(1) as elsewhere:  # a browser of another test may have its loop in this thread
        elsewhere.submit(lambda: asyncio.run(_leave_while_asked(monkeypatch))).result()


async def _leave_while_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    number = frozenset({"INC0000001"})
    looked = watch.Watch(Hub())
    monkeypatch.setattr(looked.presence, "_tell", lambda payload: None)
    stream = Stream(1, "token-1", number, frozenset(), number, "Ana", is_inside=True, allowed=number)
    looked.hub.open(stream)
    looked.presence.arrive(stream)

    def ask(streams: Sequence[Stream]) -> dict[Stream, frozenset[str]]:
        looked.hub.close(stream)
        looked.presence.leave(stream)
        return {stream: number}

    monkeypatch.setattr(watch, "_ask", ask)
    await looked.check([stream])
    assert names(looked.presence, "INC0000001") == []
