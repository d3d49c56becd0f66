"""Keyset pages: the place in a list is a bookmark, never a count of rows to skip."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlakeyset import BadBookmark, InvalidPage, select_page
from sqlalchemy import Select
from sqlalchemy.orm import Session

from app.rules.errors import Invalid
from app.rules.words import t

Row = TypeVar("Row")
PER_PAGE = 50


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows of a list, and the bookmarks of the pages around them (None: there is none)."""

    rows: Sequence[Row]
    next: str | None = None
    previous: str | None = None


def page(session: Session, query: Select[*tuple[Any, ...]], bookmark: str | None, per_page: int = PER_PAGE) -> Page[Any]:
    """Return one page of an ordered query; the order must end in a unique column."""
    try:
        found = select_page(session, query, per_page=per_page, page=bookmark or None)
    except (BadBookmark, InvalidPage, ValueError) as wrong:
        raise Invalid({}, t("This page of the list does not exist any more. Start from its beginning.")) from wrong
    marks = found.paging
    return Page(
        list(found),
        marks.bookmark_next if marks.has_next else None,
        marks.bookmark_previous if marks.has_previous else None,
    )
