"""After a form was taken: another page, by GET."""

from typing import Any

from flask import redirect, url_for
from werkzeug.wrappers import Response


def see_other(endpoint: str, **values: Any) -> Response:
    """Send the browser to a page of ours, so that a reload repeats nothing."""
    return redirect(url_for(endpoint, **values), code=303)
