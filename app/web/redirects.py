"""After a form was taken: another page, by GET."""

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, url_for
from werkzeug.wrappers import Response

from app.rules.words import Text
from app.web.shown import say


def see_other(endpoint: str, **values: Any) -> Response:
    """Send the browser to a page of ours, so that a reload repeats nothing."""
    return redirect(url_for(endpoint, **values), code=303)


def done(said: Text, endpoint: str, **values: Any) -> Response:
    """Say that it worked, on the page that comes next."""
    flash(say(said), "success")
    return see_other(endpoint, **values)


def undoable(said: Text, undo: str, step: Mapping[str, object], endpoint: str, **values: Any) -> Response:
    """Say that it worked, beside a button that takes it back: posts what names the step to the address `undo`."""
    flash([say(said), undo, dict(step)], "undo")  # type: ignore[arg-type]  # whatever JSON holds
    return see_other(endpoint, **values)
