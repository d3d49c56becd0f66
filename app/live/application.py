"""GET /stream: server-sent events for one browser, told what it shows and may see."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from app.live import cookie
from app.live.hub import Full, Hub, Stream, allow, tell_all
from app.live.presence import Presence
from app.live.watch import AWAY, Watch, identity_of, visible_to
from app.queries.live import PAGES
from app.settings import settings

MOST_NUMBERS: Final = 200
INSIDE: Final = "record.timeline"  # who works here
BEAT_SECONDS: Final = 15.0
RETRY_MILLISECONDS: Final = 3000
NUMBER: Final = re.compile(r"[A-Z]{3}[0-9]{7,12}")
FIXED: Final = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def create_app(hub: Hub) -> Starlette:
    """Return the application around this hub."""
    watch = Watch(hub)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        watch.start()
        yield
        await watch.stop()

    async def stream(request: Request) -> Response:
        return await _open(request, hub, watch.presence)

    async def writing(request: Request) -> Response:
        return _write(request, hub, watch.presence)

    async def livez(request: Request) -> Response:
        return JSONResponse({"status": "ok", "streams": len(hub)}, headers=FIXED)

    async def readyz(request: Request) -> Response:
        ok = watch.is_listening
        return JSONResponse({"status": "ok" if ok else "unavailable"}, 200 if ok else 503, headers=FIXED)

    routes = [
        Route("/stream", stream), Route("/live/stream", stream), Route("/writing", writing, methods=["POST"]),
        Route("/live/writing", writing, methods=["POST"]), Route("/livez", livez), Route("/readyz", readyz),
    ]  # fmt: skip
    return Starlette(routes=routes, lifespan=lifespan)


def _write(request: Request, hub: Hub, presence: Presence) -> Response:
    """Somebody writes on a record: believed only of a browser of ours that has a stream on it, so nobody else is asked."""
    headers = FIXED | _cross_origin()
    if not _is_ours(request) or request.headers.get("origin") is None:
        return JSONResponse({"title": "Another origin"}, 403, headers=FIXED)
    token_hash, number = cookie.token_hash(request.headers.get("cookie", "")), request.query_params.get("number", "")
    people = {stream.person_id for stream in hub.listening(number) if stream.token_hash == token_hash and number in stream.here}
    told = [presence.write(person, number) for person in people]
    return Response(status_code=204 if any(told) else 404, headers=headers)


async def _open(request: Request, hub: Hub, presence: Presence) -> Response:
    headers = FIXED | _cross_origin()
    if not _is_ours(request):
        return JSONResponse({"title": "Another origin"}, 403, headers=FIXED)
    token_hash = cookie.token_hash(request.headers.get("cookie", ""))
    try:
        identity = await asyncio.to_thread(identity_of, token_hash) if token_hash else None
        if identity is None or token_hash is None:
            return JSONResponse({"title": "Not signed in"}, 401, headers=headers)
        numbers = _words(request, "numbers")
        wanted = frozenset(number for number in numbers if NUMBER.fullmatch(number))
        stream = Stream(identity.person.id, token_hash, wanted, frozenset(_words(request, "pages")) & PAGES, frozenset(_words(request, "here")) & wanted,
                        identity.person.name, identity.actor.may(INSIDE))  # fmt: skip
        if len(numbers) > MOST_NUMBERS:
            return JSONResponse({"title": f"At most {MOST_NUMBERS} records"}, 400, headers=headers)
        hub.open(stream)
        try:
            seen, changed, stale = await asyncio.to_thread(visible_to, identity, wanted, stream.pages, _since(request))
            allow(stream, seen)
            presence.arrive(stream)
            stream.present |= {number for number in seen if stream.is_inside and presence.at(number, stream.person_id)}
        except BaseException:
            hub.close(stream)
            presence.leave(stream)
            raise
    except Full:
        return JSONResponse({"title": "Too many open streams"}, 429, headers=headers | {"Retry-After": "30"})
    except AWAY:
        return JSONResponse({"title": "The database does not answer"}, 503, headers=headers | {"Retry-After": "5"})
    if "last-event-id" in request.headers:  # it was here before, and may have missed something
        tell_all(stream)
    for page in stale:  # made before this stream began; what worklists missed is not known, so they ask once
        stream.tell("page", page)
    for number in changed:
        stream.tell("number", number)
    if stream.present:
        stream.wake.set()
    return StreamingResponse(_written(stream, hub, presence), media_type="text/event-stream", headers=headers)


async def _written(stream: Stream, hub: Hub, presence: Presence) -> AsyncIterator[str]:
    """Yield what happens until the stream is ended or the browser goes away."""
    number, told = 0, dict[str, Any]()
    try:
        ready = json.dumps({"numbers": sorted(stream.allowed or ()), "pages": sorted(stream.pages)})
        yield f"retry: {RETRY_MILLISECONDS}\nid: 0\nevent: ready\ndata: {ready}\n\n"
        while not stream.has_ended:
            try:
                async with asyncio.timeout(BEAT_SECONDS):
                    await stream.wake.wait()
            except TimeoutError:
                yield ": beat\n\n"
                continue
            stream.wake.clear()
            present, stream.present = stream.present, set()
            changed, stream.changed = stream.changed, {}
            words = []  # written together: each writing costs as much as all of them
            for name, kind in changed.items():
                if kind == "number" and name not in (stream.allowed or ()):
                    continue
                number += 1
                words.append(f'id: {number}\nevent: changed\ndata: {{"{kind}": "{name}"}}\n\n')
            for name in sorted(present & (stream.allowed or frozenset())):
                people = presence.at(name, stream.person_id)
                if people == told.get(name, []):
                    continue  # oneself came
                told[name], number = people, number + 1
                said = json.dumps({"number": name, "people": people})
                words.append(f"id: {number}\nevent: presence\ndata: {said}\n\n")
            if words:
                yield "".join(words)
    finally:
        hub.close(stream)
        presence.leave(stream)


def _words(request: Request, name: str) -> list[str]:
    return request.query_params.get(name, "").replace(",", " ").split()


def _since(request: Request) -> datetime | None:
    try:
        since = datetime.fromisoformat(request.query_params.get("since", ""))
    except ValueError:
        return None
    return since if since.tzinfo else None


def _origin() -> str:
    base = urlsplit(settings().base_url)
    return f"{base.scheme}://{base.netloc}"


def _cross_origin() -> dict[str, str]:
    """Let our own pages read the answer with their cookie, and nobody else's."""
    return {"Access-Control-Allow-Origin": _origin(), "Access-Control-Allow-Credentials": "true", "Vary": "Origin, Cookie"}


def _is_ours(request: Request) -> bool:
    """Say whether one of our pages asks: by its origin, or, on the same origin, by what the browser says of the request."""
    origin = request.headers.get("origin")
    if origin is not None:
        return origin == _origin()
    return request.headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}
