"""Each view says who may open it: `@permission("request.view")` or `@public`; a test fails on one that does not.

This is the coarse check, by role. Whether *this* record may be seen or changed is decided in services and queries.
"""

from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.rules.errors import Forbidden
from app.rules.words import t
from app.settings import matrix
from app.web.current import current_actor, current_person

PUBLIC: Final = "public"
P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]


def public(view: View[P]) -> View[P]:
    """Mark a view that anybody may open, signed in or not."""
    view.permission = PUBLIC  # type: ignore[attr-defined]  # a mark on a function: what test_architecture looks for
    return view


def permission(name: str) -> Callable[[View[P]], View[P]]:
    """Mark a view with the permission it needs, and refuse those who cannot have it on any record."""

    def mark(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            if current_person() is None:
                return to_sign_in()
            if not may(name):
                raise Forbidden(t("Your roles do not open this page."))
            return view(*args, **kwargs)

        guarded.permission = name  # type: ignore[attr-defined]  # see above
        return guarded

    return mark


def may(name: str) -> bool:
    """Answer whether the person could do this at all: by a role, or by a relation to some record."""
    return holds(name) or (current_actor() is not None and bool(matrix().relations_for(name)))


def holds(name: str) -> bool:
    """Answer whether a role of the person gives this; navigation shows what is certain, not what is possible."""
    actor = current_actor()
    return actor is not None and actor.may(name)


def to_sign_in() -> ResponseReturnValue:
    """Send a visitor to the sign-in page and back here afterwards; a machine gets 401 instead."""
    if request.path.startswith("/api/") or request.accept_mimetypes.best == "application/problem+json":
        from app.web.errors import problem

        return problem(401)
    if request.headers.get("HX-Request"):
        return "", 401, {"HX-Redirect": url_for("security.login")}
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("security.login", next=back), code=303)
