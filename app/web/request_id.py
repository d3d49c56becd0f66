"""X-Request-ID: taken from the caller when well formed, else made here; on every answer and in every log line."""

import re
from secrets import token_hex
from time import perf_counter

import structlog
from flask import Flask, Response, g, request

from app import database

log = structlog.get_logger(__name__)
HEADER = "X-Request-ID"
TOKEN = re.compile(r"[0-9a-f]{64}")  # of a link that works once: whoever reads the log must not hold it
WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")


def init_app(app: Flask) -> None:
    """Give each request its id before anything else runs."""
    app.before_request(_begin)
    app.after_request(_end)


def current() -> str:
    """Return the id of this request."""
    if "request_id" not in g:
        given = request.headers.get(HEADER, "")
        g.request_id = given if WELL_FORMED.fullmatch(given) else token_hex(12)
    return str(g.request_id)


def _begin() -> None:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=current())
    g.began, g.asked_before = perf_counter(), database.asked()


def _end(response: Response) -> Response:
    response.headers[HEADER] = current()
    if request.endpoint != "static":  # the path without its question: what people search for is theirs
        taken = round((perf_counter() - g.get("began", perf_counter())) * 1000, 1)
        queries = database.asked() - g.get("asked_before", database.asked())
        log.info("web.request", method=request.method, path=TOKEN.sub("…", request.path), status=response.status_code, milliseconds=taken, queries=queries)
    return response
