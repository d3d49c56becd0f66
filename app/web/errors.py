"""Every error in one place: a page for people, RFC 9457 problem+json for machines, a toast for htmx; all with the request id."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog
from flask import Flask, Response, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from app.language import translate
from app.rules.errors import DeskError, Invalid, Stale, TooManyTries
from app.rules.words import Text, t
from app.web import both_versions, request_id
from app.web.preferences import current_language, language_tag

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Words:
    """What a status is called, why it comes, and what to do next."""

    title: Text
    why: Text
    next: Text


@dataclass(frozen=True)
class Problem:
    """An error on its way to the reader."""

    status: int
    detail: Text | None = None
    fields: dict[str, Text] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    extra: Mapping[str, object] = field(default_factory=dict)
    words: Words | None = None
    page: str | None = None  # instead of the common one


_AGAIN = t("Go back and try again. If it happens again, tell us the reference below.")
STALE: Final = Words(t("Somebody was faster"), t("It was changed while you were editing. Nothing of yours was saved yet."), t("Compare both versions and save again."))
TYPED: Final = frozenset({"reason", "body", "comment", "note"})  # and all that begins with answer_
WORDS: Final = {
    400: Words(t("We could not read that"), t("What your browser sent was incomplete or has expired. Nothing was changed."), t("Go back, reload the page and try again.")),
    401: Words(t("Please sign in"), t("You are not signed in, or your session has ended."), t("Sign in and try again.")),
    403: Words(t("You may not do this"), t("Your roles do not allow it."), t("Ask your team lead or an administrator if you need it.")),
    404: Words(t("There is nothing here"), t("The page does not exist, or you may not see it."), t("Check the address, or search for the number.")),
    405: Words(t("That does not work here"), t("This address does not take that kind of request. Nothing was changed."), t("Go back and use the buttons of the page.")),
    409: Words(t("That is not possible now"), t("Something has changed in the meantime, so this step no longer fits. Nothing was changed."), t("Reload the page to see where it stands.")),
    412: STALE,
    413: Words(t("That is too large"), t("What you sent is larger than we accept. Nothing was changed."), t("Send a smaller file, or a link to it.")),
    415: Words(t("We do not take that format"), t("The content is of a type that this address does not take. Nothing was changed."), t("Send it in another format.")),
    422: Words(t("Some answers need another look"), t("At least one value does not fit. Nothing was changed."), t("Go back, correct it and send it again.")),
    429: Words(t("Too many tries"), t("There were too many requests in a short time."), t("Wait a minute and try again.")),
    500: Words(t("Something broke on our side"), t("The error has been written down. What you had already saved is safe."), _AGAIN),
    503: Words(t("We cannot answer right now"), t("A part of the desk is not reachable. Nothing is lost."), t("Try again in a minute.")),
}  # fmt: skip


def init_app(app: Flask) -> None:
    """Answer every kind of error."""
    app.register_error_handler(DeskError, _refused)
    app.register_error_handler(HTTPException, _http)
    for lost in (OperationalError, InterfaceError, PoolTimeoutError):
        app.register_error_handler(lost, _database_away)


def words(status: int) -> Words:
    """Return the words of a status; one we have none for reads like its class."""
    return WORDS.get(status) or WORDS[500 if status >= 500 else 400]


def _refused(error: DeskError) -> Response:
    fields = error.fields if isinstance(error, Invalid) else {}
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooManyTries) else {}
    if isinstance(error, Stale):
        yours = {name: request.form[name] for name in error.theirs if name in request.form}
        both = {"theirs": error.theirs, "yours": yours | {"version": request.form.get("version", type=int)}}
        return answer(Problem(error.status, error.text, extra=both, words=STALE, page=both_versions.page(error) if error.status == 412 else None))
    return answer(Problem(error.status, error.text, fields, headers))


def typed() -> list[str]:
    """Return what somebody wrote into the form that was refused, so that the page of the error gives it back."""
    words = [each for name, many in request.form.lists() if name in TYPED or name.startswith("answer_") for each in many]
    return [each for each in words if each.strip()]


def _http(error: HTTPException) -> Response:
    if error.response is not None and error.code is None:
        return make_response(error.response)
    status = error.code or 500
    if status < 400:  # a redirect the router raised
        return make_response(error.get_response())
    detail = t("The page was open too long, or was opened before you signed in. Reload it and send it again.") if isinstance(error, CSRFError) else None
    headers = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After", "WWW-Authenticate"}}
    return answer(Problem(status, detail, headers=headers))


def _database_away(error: Exception) -> Response:
    log.error("database.away", error=type(error).__name__)
    return answer(Problem(503, headers={"Retry-After": "10"}))


def problem(status: int) -> Response:
    """Return a bare problem of this status, in the form the caller reads."""
    return answer(Problem(status))


def wants_json() -> bool:
    """Answer whether the caller reads JSON rather than pages."""
    if request.path.startswith("/api/"):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/problem+json", "application/json"], default="text/html")
    return best != "text/html"


def answer(found: Problem) -> Response:
    """Return the error in the form the caller reads."""
    if wants_json():
        response = _as_json(found)
    elif request.headers.get("HX-Request"):
        response = make_response(render_template("errors/toast.html", words=found.words or words(found.status), problem=found))
        response.headers.update({"HX-Retarget": "#toasts", "HX-Reswap": "beforeend"})
    elif found.page is not None:
        response = make_response(found.page)
    else:
        written = typed() if found.status in {409, 412} else []
        shown = {"words": found.words or words(found.status), "problem": found, "typed": written, "request_id": request_id.current()}
        response = make_response(render_template("errors/page.html", **shown))
    response.status_code = found.status
    response.headers.update(found.headers)
    response.vary.update({"Accept", "Accept-Language", "Cookie"})
    return response


def _as_json(found: Problem) -> Response:
    language = current_language()
    text = found.words or words(found.status)
    body: dict[str, object] = {
        "type": "about:blank",
        "title": translate(text.title, language),
        "status": found.status,
        "detail": translate(found.detail or text.why, language),
        "request_id": request_id.current(),
    }
    if found.fields:
        body["errors"] = [{"pointer": f"/{name}", "detail": translate(value, language)} for name, value in found.fields.items()]
    body.update(found.extra)
    response = Response(json.dumps(body, ensure_ascii=False, default=str), mimetype="application/problem+json")
    response.headers["Content-Language"] = language_tag()
    return response
