"""Answers to an item's form that fit, made up: what a rehearsal plans with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from app.rules.catalog import conditions, patterns
from app.rules.catalog.items import Field, Item, Kind


@dataclass(frozen=True)
class Known:
    """Who and what a made-up answer may name: the user name of somebody, a group of the directory."""

    person: str
    group: str
    file: str = ""


def answers(item: Item, today: date, known: Known, chosen: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return an answer to each question that is asked, as rules.catalog.answers keeps it; files only where one is known.

    `chosen` are answers to be given where their question is asked; the others are made up.
    """
    given: dict[str, Any] = {}
    for field in item.fields:
        if conditions.holds(field.when, given) and (field.kind is not Kind.FILE or known.file):
            wanted = chosen or {}
            given[field.name] = wanted[field.name] if field.name in wanted else _answer(field, today, known)
    return given


def _answer(field: Field, today: date, names: Known) -> Any:
    day = today + timedelta(days=field.min_days)
    match field.kind:
        case Kind.TEXT | Kind.LONG_TEXT:
            return patterns.example(field.pattern) if field.pattern else "rehearsal"[: field.max_length]
        case Kind.CHOICE:
            return field.choices[0].value
        case Kind.MULTI_CHOICE:
            return [option.value for option in field.choices][: max(1, field.min or 1)]
        case Kind.YES_NO:
            return True
        case Kind.DATE:
            return day.isoformat()
        case Kind.DATE_RANGE:
            return {"from": day.isoformat(), "to": day.isoformat()}
        case Kind.PERSON:
            return names.person
        case Kind.DIRECTORY_GROUP:
            return field.groups[0] if field.groups else names.group
        case Kind.NUMBER:
            return max(field.min or 0, min(1, field.max if field.max is not None else 1))
        case Kind.MONEY:
            return f"{max(field.min or 0, 1)}.00"
        case Kind.FILE:
            return names.file
        case Kind.TABLE:
            return [{column.name: _answer(column, today, names) for column in field.columns}]
