"""What keeps the streams right: news from the database, and the question, every three seconds, who may still listen."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app import database, logs
from app.live.hub import Hub, Stream, allow
from app.live.presence import CHANNEL, TELL_SECONDS, Presence
from app.queries import inbox, live
from app.queries.identity import Identity, Stage
from app.rules.errors import DeskError
from app.visibility import Actor

EVENTS: Final = "desk_events"
CHECK_SECONDS: Final = 3.0
PARTS: Final = 10  # of all people, asked about one after the other: nobody who comes meanwhile waits for a long question
GATHER_SECONDS: Final = 0.03  # a transaction changes several records; a worklist is asked about once
OVERLAP: Final = timedelta(seconds=10)  # a transaction may begin before the page was made and end after it
PEOPLE: Final = "people:"
NEWS: Final = "inbox:"  # and whose, with commas
AWAY: Final = (SQLAlchemyError, DeskError)

log = logs.logger("live")


class Watch:
    """The tasks beside the streams."""

    def __init__(self, hub: Hub) -> None:
        """Watch for this hub."""
        self.hub = hub
        self.presence = Presence(hub, self._tell_others, time.monotonic)
        self.is_listening = False
        self._stop = threading.Event()
        self._gathered: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._checking = asyncio.Lock()
        self._telling = asyncio.Lock()
        self._beats = 0

    def start(self) -> None:
        """Begin, in the running loop."""
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._listen, args=(loop,), daemon=True, name="listen").start()
        self._spawn(self._check_again_and_again())
        self._spawn(self._tell_again_and_again())

    async def stop(self) -> None:
        """End the tasks; the listening thread ends with its next breath."""
        self._stop.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def check(self, streams: Sequence[Stream]) -> None:
        """Ask once more who these are and what they may see; close the streams of those who are gone."""
        if not streams:
            return
        async with self._checking:
            try:
                verdict = await asyncio.to_thread(_ask, streams)
            except AWAY as error:  # fail closed: whoever cannot be checked hears nothing until the page asks again
                log.warning("listeners not checked", reason=type(error).__name__)
                verdict = {}
        for stream in streams:
            if stream not in verdict:
                stream.end()
            elif not stream.has_ended:  # else its browser left while the question was asked
                allow(stream, verdict[stream])
                self.presence.arrive(stream)

    async def _tell_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(TELL_SECONDS / 5)
            self._beats += 1
            self.presence.tell_again(is_time=self._beats % 5 == 0)

    def _tell_others(self, payload: str) -> None:
        """Tell the other processes, in order; what cannot be told is told again by itself in some seconds."""
        async def send() -> None:
            async with self._telling:
                try:
                    await asyncio.to_thread(_notify, payload)
                except AWAY as error:
                    log.warning("presence not told", reason=type(error).__name__)

        self._spawn(send())

    async def _check_again_and_again(self) -> None:
        turn = 0
        while True:
            await asyncio.sleep(CHECK_SECONDS / PARTS)
            turn = (turn + 1) % PARTS
            await self.check([stream for stream in self.hub.streams() if stream.person_id % PARTS == turn])

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        was_away = False
        while not self._stop.is_set():
            try:
                for heard in database.listen(EVENTS, CHANNEL, seconds=1.0):
                    if self._stop.is_set():
                        return
                    if not self.is_listening:
                        self.is_listening = True
                        if was_away:
                            _in_loop(loop, self.hub.missed)
                    if heard:
                        _in_loop(loop, self.presence.heard if heard[0] == CHANNEL else self._heard, heard[1])
            except (psycopg.Error, DeskError) as error:
                self.is_listening, was_away = False, True
                log.warning("no signals from the database", reason=type(error).__name__)
                self._stop.wait(1)

    def _heard(self, stream: str) -> None:
        """A stream of events went on: a record changed, or what a person may do."""
        if stream.startswith(PEOPLE):
            person = stream.removeprefix(PEOPLE)
            if person.isdigit() and (mine := self.hub.streams(int(person))):
                self._spawn(self.check(mine))
            return
        if stream.startswith(NEWS):
            self.hub.concern({live.INBOX: [int(each) for each in stream.removeprefix(NEWS).split(",") if each.isdigit()]})
            return
        self.hub.changed(stream)
        if self.hub.has_pages():
            if not self._gathered:
                self._spawn(self._tell_worklists())
            self._gathered.add(stream)

    async def _tell_worklists(self) -> None:
        await asyncio.sleep(GATHER_SECONDS)
        numbers, self._gathered = self._gathered, set()
        try:
            self.hub.concern(await asyncio.to_thread(_concerned, numbers, self.hub.pages()))
        except AWAY as error:
            log.warning("worklists not told", reason=type(error).__name__)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def identity_of(token_hash: str) -> Identity | None:
    """Return who this is, once fully signed in."""
    with database.sessions()() as session:
        found = live.identities(session, [token_hash]).get(token_hash)
    return found if found is not None and _is_in(found) else None


def visible_to(
    identity: Identity, numbers: frozenset[str], pages: frozenset[str], since: datetime | None
) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Return what this person may hear of, and which records and pages (may) have changed since the page was made."""
    with database.sessions()() as session:
        seen = live.visible(session, identity.actor, numbers)
        if since is None:
            return seen, frozenset(), frozenset()
        quiet = set()  # every page has these: without a word of what is new, each would ask for them
        if live.OUTAGES in pages and not live.outages_since(session, since - OVERLAP):
            quiet.add(live.OUTAGES)
        if live.INBOX in pages and not inbox.is_fresh(session, identity.person.id, since - OVERLAP):
            quiet.add(live.INBOX)
        return seen, live.changed_since(session, seen, since - OVERLAP), pages - quiet


def _ask(streams: Sequence[Stream]) -> dict[Stream, frozenset[str]]:
    """Return what each stream may hear of; one that is missing may not go on."""
    by_token: dict[str, list[Stream]] = {}
    for stream in streams:
        by_token.setdefault(stream.token_hash, []).append(stream)
    verdict: dict[Stream, frozenset[str]] = {}
    answered: dict[tuple[Actor, frozenset[str]], frozenset[str]] = {}  # several browsers of one person ask the same
    with database.sessions()() as session:
        for token_hash, found in live.identities(session, by_token).items():
            if not _is_in(found):
                continue
            wanted = frozenset().union(*(stream.wanted for stream in by_token[token_hash]))
            if (question := (found.actor, wanted)) not in answered:
                answered[question] = live.visible(session, found.actor, wanted)
            seen = answered[question]
            verdict |= {stream: stream.wanted & seen for stream in by_token[token_hash]}
    return verdict


def _notify(payload: str) -> None:
    with database.sessions().begin() as session:
        session.execute(select(func.pg_notify(CHANNEL, payload)))


def _is_in(found: Identity) -> bool:
    return found.has_ended is None and found.stage is Stage.IN


def _concerned(numbers: set[str], pages: frozenset[str]) -> dict[str, frozenset[int]]:
    with database.sessions()() as session:
        return dict(live.concerned(session, numbers, pages))


def _in_loop(loop: asyncio.AbstractEventLoop, act: Callable[..., None], *arguments: str) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has just closed: the process ends
        loop.call_soon_threadsafe(act, *arguments)
