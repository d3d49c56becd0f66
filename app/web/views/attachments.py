"""Files: sent to whoever may see their record, as a download; only plain images are ever shown in a page."""

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.http import dump_options_header

from app.models.requests import Request
from app.rules.errors import Invalid
from app.rules.words import t
from app.services import attachments
from app.unit_of_work import unit_of_work
from app.web.current import me
from app.web.permission import permission
from app.web.redirects import done

bp = Blueprint("attachments", __name__)


@bp.get("/attachments/<key>")
@permission("portal.use")
def send(key: str) -> ResponseReturnValue:
    """Send a file; `?shown=1` shows an image in the page, where that is safe."""
    with unit_of_work(me()) as uow:
        file = attachments.read(uow, key)
    shown = file.is_shown and "shown" in request.args
    response = Response(attachments.content(file.id), mimetype=file.media_type)
    response.content_length = file.size
    response.headers["Content-Disposition"] = dump_options_header("inline" if shown else "attachment", {"filename": file.name})
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    response.set_etag(file.sha256)
    return response


@bp.post("/requests/<number>/files")
@permission("request.reply")
def add(number: str) -> ResponseReturnValue:
    """Put a file on a request."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid({"file": t("Choose a file.")})
    with unit_of_work(me()) as uow:
        attachments.store(uow, uow.get(Request, number), sent.filename, sent.stream)
    return done(t("Your file is there."), "requests.show", number=number, _anchor="talk")
