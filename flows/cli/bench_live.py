"""`desk bench live`: many open streams on one record; how long until others hear who came, who writes, and what is new.

The time is the browser's: from the moment just before somebody comes, writes or answers, until the word has arrived on
a stream. Each browser is a real connection with a session of its own.
"""

import asyncio
import contextlib
import hashlib
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select

from app import database
from app.models.people import Person, RoleGrant
from app.models.records import Record
from app.rules.lifecycle import RecordKind
from app.services import conversations, people, sessions
from app.settings import settings
from app.unit_of_work import SYSTEM, unit_of_work
from flows.cli.bench_submit import spread
from flows.cli.installation import demonstration, until

LIMIT_MS: Final = 100.0
EACH: Final = 12  # streams that one person may have
SALT: Final = "cookie-session"  # Flask's, as are digest and derivation
INSIDE: Final = ("analyst", "team_lead", "auditor", "major_incident_manager")


@dataclass
class Browser:
    """One open stream: when it heard what last."""

    login: str
    heard: dict[str, float] = field(default_factory=dict)
    ready: asyncio.Event = field(default_factory=asyncio.Event)


def measure(streams: int, rounds: int) -> dict[str, Any]:
    """Open so many streams, let things happen so often, and measure."""
    with demonstration():
        until(_is_ready, "streams are served")
        return asyncio.run(_measure(streams, rounds))


def _is_ready() -> bool:
    try:
        return httpx.get(f"{settings().live_address}/readyz", timeout=5).is_success
    except httpx.HTTPError:
        return False


async def _measure(count: int, rounds: int) -> dict[str, Any]:
    number, staff = _scene(count)
    took: dict[str, list[float]] = {"who_is_here": [], "who_writes": [], "who_left": [], "new_update": []}
    async with httpx.AsyncClient(base_url=settings().live_address, timeout=60, limits=httpx.Limits(max_connections=count + 50)) as client:
        cookies = {login: _cookie(login) for login in staff}
        guest, crowd = staff[-1], staff[:-1]
        browsers = [Browser(crowd[place % len(crowd)]) for place in range(min(count, EACH * len(crowd)))]
        async with contextlib.AsyncExitStack() as opened:
            for browser in browsers:
                await opened.enter_async_context(_stream(client, browser, cookies[browser.login], number))
            for _ in range(rounds):
                async with _timed(browsers, "presence", took["who_is_here"]):
                    visitor = Browser(guest)
                    inside = _stream(client, visitor, cookies[guest], number)
                    await inside.__aenter__()
                async with _timed(browsers, "presence", took["who_writes"]):
                    await client.post(f"/writing?number={number}", headers={"Cookie": cookies[guest], "Origin": _origin()})
                async with _timed(browsers, "presence", took["who_left"]):
                    await inside.__aexit__(None, None, None)
                await asyncio.sleep(0.3)
                async with _timed(browsers, "changed", took["new_update"]):
                    await asyncio.to_thread(_answer, number)
                await asyncio.sleep(0.3)
    found = {name: spread(values) for name, values in took.items()}
    return {"ok": all(each["p95"] <= LIMIT_MS for each in found.values()), "streams": len(browsers), "rounds": rounds,
            **{f"{name}_ms": each for name, each in found.items()}, "allowed_ms": LIMIT_MS}  # fmt: skip


@asynccontextmanager
async def _timed(browsers: list[Browser], event: str, took: list[float]) -> AsyncIterator[None]:
    for browser in browsers:
        browser.heard.pop(event, None)
    began = time.perf_counter()
    yield
    await _until(lambda: all(event in browser.heard for browser in browsers))
    took += [(browser.heard[event] - began) * 1000 for browser in browsers]


async def _until(question: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not question():
        if time.monotonic() > deadline:
            raise TimeoutError("not everybody heard of it")
        await asyncio.sleep(0.002)


@asynccontextmanager
async def _stream(client: httpx.AsyncClient, browser: Browser, cookie: str, number: str) -> AsyncIterator[None]:
    async def read() -> None:
        async with client.stream("GET", f"/stream?numbers={number}&here={number}", headers={"Cookie": cookie}) as answer:
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                if line.startswith("event: "):
                    browser.heard[line.removeprefix("event: ")] = time.perf_counter()
                    browser.ready.set()

    reading = asyncio.create_task(read())
    try:
        await asyncio.wait({reading, asyncio.create_task(browser.ready.wait())}, return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            reading.result()
        yield
    finally:
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading


def _scene(count: int) -> tuple[str, list[str]]:
    """Return an open incident, and the user names of those who work here: as many as so many streams need, and one more."""
    with unit_of_work(SYSTEM) as uow:
        for login, id_ in uow.session.execute(select(Person.login, Person.id).where(Person.active).order_by(Person.id)).all()[: count // EACH + 2]:
            if login != "rui":
                people.grant(uow, id_, "analyst")
    with database.sessions()() as session:
        number = session.scalars(select(Record.number).where(Record.kind == RecordKind.INCIDENT, Record.state == "in_progress").order_by(Record.id).limit(1)).one()
        who = select(Person.login).join(RoleGrant, RoleGrant.person_id == Person.id).where(RoleGrant.role.in_(INSIDE), Person.active).distinct()
        return number, list(session.scalars(who.order_by(Person.login)))


def _answer(number: str) -> None:
    with unit_of_work("lena") as uow:
        conversations.note_internally(uow, number, "Measured.")


def _cookie(login: str) -> str:
    """Return a cookie as the web process would sign it."""
    with unit_of_work(login) as uow:
        token = sessions.begin(uow, "local", address="127.0.0.1", agent="bench")
    signer = URLSafeTimedSerializer(settings().secret_key.get_secret_value(), salt=SALT, signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha1},
                                    serializer=json)  # fmt: skip
    return f"{'__Host-desk' if settings().secure else 'desk'}={signer.dumps({'_user_id': token, '_fresh': True})}"


def _origin() -> str:
    return settings().base_url.rstrip("/")
