"""Answers of forms: shown fresh with 200, again with what is wrong with 422, and never kept by a cache."""

from flask import Response, render_template, request


def posted() -> bool:
    """Answer whether the form was sent."""
    return request.method == "POST"


def form_page(template: str, form: object, **values: object) -> Response:
    """Return the page of a form; a form that comes back was not right."""
    status = 422 if posted() else 200
    return unkept(render_template(template, form=form, wrong=posted(), **values), status)


def unkept(page: str, status: int = 200) -> Response:
    """Return a page that no cache keeps: it shows secrets, or a form that must be fresh."""
    return Response(page, status=status, headers={"Cache-Control": "no-store"})
