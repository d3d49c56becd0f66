"""A list as a file for spreadsheets: what is seen, with no cell that a spreadsheet would run."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final

import xlsxwriter
from flask import Response

RUN_BY_SPREADSHEETS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the wide signs count too
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cell = str | int | date | None


def csv_of(name: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """Return the rows as a CSV file to keep; numbers stay numbers, days are written as YYYY-MM-DD."""
    text = io.StringIO()
    file = csv.writer(text)
    file.writerow([defused(column) for column in columns])
    file.writerows([defused(cell) for cell in row] for row in rows)
    body = text.getvalue().encode("utf-8-sig")  # the mark tells Excel that it is UTF-8
    return Response(body, mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}.csv"'})


def xlsx_of(name: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """Return the rows as an Excel file to keep: texts are texts (nothing is run), numbers numbers, times times without a zone."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"constant_memory": True, "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        bold, moment = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(columns):
            sheet.write_string(0, place, column, bold)
        for line, row in enumerate(rows, 1):
            for place, cell in enumerate(row):
                if isinstance(cell, datetime):
                    sheet.write_datetime(line, place, cell.replace(tzinfo=None), moment)
                elif isinstance(cell, int):
                    sheet.write_number(line, place, cell)
                elif cell is not None:
                    sheet.write_string(line, place, str(cell)[:32_000])
    return Response(file.getvalue(), mimetype=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}.xlsx"'})


def defused(cell: Cell) -> str | int:
    """Return a cell that is only text or a number to a spreadsheet (attack 40: `=HYPERLINK(…)` in a name)."""
    if cell is None:
        return ""
    if isinstance(cell, int):
        return cell
    text = cell.isoformat() if isinstance(cell, date) else cell
    return f"'{text}" if text.lstrip(" ").startswith(RUN_BY_SPREADSHEETS) or text.startswith(RUN_BY_SPREADSHEETS) else text
