"""Several lists in one statement: each comes as one column of JSON, in its order."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, select


def gathered(query: Select[*tuple[Any, ...]], name: str) -> Any:
    """Return one column that holds all rows of a query; `name` is one that no other of the statement has."""
    found = query.subquery(name)
    empty: ColumnElement[Any] = literal_column("'[]'::jsonb")
    return select(func.coalesce(func.jsonb_agg(func.to_jsonb(literal_column(name))), empty)).select_from(found).scalar_subquery()


def rows(column: Sequence[dict[str, Any]]) -> list[Any]:
    """Return such a column as rows; times in it are ISO text."""
    return [SimpleNamespace(**row) for row in column]
