"""Which questions of a form are asked, and which steps and parts of an item apply, given the answers so far."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.rules.catalog.items import Field, Item, Step, When


def words(answer: object) -> tuple[str, ...]:
    """Return an answer as a condition compares it: yes and no for a yes/no, each value of a multi-choice."""
    if isinstance(answer, bool):
        return ("yes" if answer else "no",)
    if isinstance(answer, list | tuple):
        return tuple(str(each) for each in answer)
    return () if answer is None else (str(answer),)


def holds(when: When | None, answers: Mapping[str, Any]) -> bool:
    """Say whether a condition holds for these clean answers; what was not asked was not answered."""
    return when is None or not set(when.values).isdisjoint(words(answers.get(when.field)))


def asked(item: Item, answers: Mapping[str, Any]) -> list[Field]:
    """Return the questions that are asked, given the clean answers to all of them that were."""
    return [field for field in item.fields if holds(field.when, answers)]


def in_force(item: Item, answers: Mapping[str, Any]) -> Item:
    """Return the item with those steps and parts only that apply to these answers.

    What waited for a step that falls away waits for whatever that step waited for.
    """
    gone = {step.name: step for step in item.steps if not holds(step.when, answers)}
    steps = tuple(replace(step, after=_after(step.after, gone)) for step in item.steps if step.name not in gone)
    parts = tuple(replace(part, after=_after(part.after, gone)) for part in item.parts if holds(part.when, answers))
    if steps == item.steps and parts == item.parts:
        return item
    return replace(item, steps=steps, parts=parts)


def _after(names: tuple[str, ...], gone: Mapping[str, Step]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in names:
        found |= dict.fromkeys(_after(gone[name].after, gone) if name in gone else (name,))
    return tuple(found)
