"""POST /preferences: language, theme, density, rail and shortcuts; works without script and without an account."""

from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, abort, redirect, request
from flask.typing import ResponseReturnValue

from app.services import accounts
from app.settings import settings
from app.unit_of_work import unit_of_work
from app.web.current import current_actor
from app.web.permission import public
from app.web.preferences import CHOICES, cookie

bp = Blueprint("preferences", __name__)
ONE_YEAR: Final = 365 * 24 * 3600


@bp.post("/preferences")
@public
def save() -> ResponseReturnValue:
    """Keep each choice that was sent and go back to where the reader was."""
    chosen = {name: request.form[name] for name in CHOICES if name in request.form}
    if not chosen or any(value not in CHOICES[name] for name, value in chosen.items()):
        abort(422)
    if (actor := current_actor()) is not None and (kept := {name: value for name, value in chosen.items() if name in accounts.CHOICES}):
        with unit_of_work(actor) as uow:
            accounts.prefer(uow, **kept)
    response = redirect(local_path(request.form.get("back", "")), code=303)
    for name, value in chosen.items():
        response.set_cookie(cookie(name), value, max_age=ONE_YEAR, secure=settings().secure, httponly=True, samesite="Lax")
    return response


def local_path(address: str) -> str:
    """Return the address if it is a path of ours, else the home page; nothing that leads elsewhere passes."""
    parts = urlsplit(address)
    odd = any(ord(sign) <= 32 or sign == "\\" for sign in address)
    if odd or parts.scheme or parts.netloc or not address.startswith("/") or address.startswith("//"):
        return "/"
    return address
