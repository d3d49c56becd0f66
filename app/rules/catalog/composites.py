"""Judge an answer made of several: several choices, two days, the rows of a table."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from app.rules.catalog.items import Field, Kind
from app.rules.catalog.scalars import CLEANERS, Refused, clean
from app.rules.words import t

USUAL_ROWS: Final = 10


def _several(question: Field, given: object, today: date) -> list[str] | None:
    chosen = [given] if isinstance(given, str) else given
    if chosen is not None and not _is_list_of(str, chosen):
        raise Refused(t("This answer is not of the right kind."))
    wanted = [each for each in chosen if each] if isinstance(chosen, list | tuple) else []
    known = [option.value for option in question.choices]
    if not set(wanted) <= set(known):
        raise Refused(t("Choose from the list."))
    found = [value for value in known if value in wanted]
    if found and len(found) < (question.min or 0):
        raise Refused(t("Choose %(least)s or more.", least=question.min))
    if question.max is not None and len(found) > question.max:
        raise Refused(t("Choose %(most)s at most.", most=question.max))
    return found or None


def _days(question: Field, given: object, today: date) -> dict[str, str] | None:
    if given is None or given == "":
        return None
    if not isinstance(given, Mapping) or not given.keys() <= {"from", "to"}:
        raise Refused(t("This answer is not of the right kind."))
    ends = [_text(given.get(name)) for name in ("from", "to")]
    if not any(ends):
        return None
    if not all(ends):
        raise Refused(t("Give the first and the last day."))
    first, last = (date.fromisoformat(str(CLEANERS[Kind.DATE](question, each, today))) for each in ends)
    if last < first:
        raise Refused(t("The last day lies before the first."))
    if question.longest is not None and (last - first).days + 1 > question.longest:
        raise Refused(t("That is longer than %(days)s days.", days=question.longest))
    return {"from": first.isoformat(), "to": last.isoformat()}


def _rows(question: Field, given: object, today: date) -> list[dict[str, Any]] | None:
    if given is not None and given != "" and not _is_list_of(Mapping, given):
        raise Refused(t("This answer is not of the right kind."))
    listed: Sequence[Mapping[str, object]] = given if isinstance(given, list | tuple) else ()
    filled = [row for row in listed if any(_said(cell) for cell in row.values())]
    if len(filled) > (question.max_rows or USUAL_ROWS):
        raise Refused(t("At most %(most)s rows fit.", most=question.max_rows or USUAL_ROWS))
    return [_row(question, number, row, today) for number, row in enumerate(filled, start=1)] or None


def _row(question: Field, number: int, row: Mapping[str, object], today: date) -> dict[str, Any]:
    if not row.keys() <= {column.name for column in question.columns}:
        raise Refused(t("This answer is not of the right kind."))
    cells: dict[str, Any] = {}
    for column in question.columns:
        try:
            cell = clean(column, row.get(column.name), today)
        except Refused as refused:
            raise Refused(t("Row %(number)s: %(reason)s", number=number, reason=refused.text)) from refused
        if cell is None and column.required:
            raise Refused(t("Row %(number)s is not complete.", number=number))
        if cell is not None:
            cells[column.name] = cell
    return cells


def _text(given: object) -> str:
    if given is not None and not isinstance(given, str):
        raise Refused(t("This answer is not of the right kind."))
    return (given or "").strip()


def _said(cell: object) -> bool:
    return bool(cell.strip()) if isinstance(cell, str) else cell is not None


def _is_list_of(kind: type, given: object) -> bool:
    return isinstance(given, list | tuple) and all(isinstance(each, kind) for each in given)


COMPOSITES: Final[Mapping[Kind, Callable[[Field, object, date], Any]]] = {
    Kind.MULTI_CHOICE: _several,
    Kind.DATE_RANGE: _days,
    Kind.TABLE: _rows,
}
