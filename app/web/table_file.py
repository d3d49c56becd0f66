"""A list as a file for spreadsheets: what is seen, with no cell that a spreadsheet would run."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from flask import Response

RUN_BY_SPREADSHEETS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the wide signs count too
Cell = str | int | date | None


def csv_of(name: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """Return the rows as a CSV file to keep; numbers stay numbers, days are written as YYYY-MM-DD."""
    text = io.StringIO()
    file = csv.writer(text)
    file.writerow([defused(column) for column in columns])
    file.writerows([defused(cell) for cell in row] for row in rows)
    body = text.getvalue().encode("utf-8-sig")  # the mark tells Excel that it is UTF-8
    return Response(body, mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}.csv"'})


def defused(cell: Cell) -> str | int:
    """Return a cell that is only text or a number to a spreadsheet (attack 40: `=HYPERLINK(…)` in a name)."""
    if cell is None:
        return ""
    if isinstance(cell, int):
        return cell
    text = cell.isoformat() if isinstance(cell, date) else cell
    return f"'{text}" if text.lstrip(" ").startswith(RUN_BY_SPREADSHEETS) or text.startswith(RUN_BY_SPREADSHEETS) else text
