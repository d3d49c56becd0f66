"""Which steps of an item may go on, and what their states make of the item."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.rules.audit import canonical, digest

OVER: Final = frozenset({"done", "skipped"})
HOLD_REASONS: Final = ("requester", "vendor", "change", "problem", "evidence")  # what an item can wait for


@dataclass(frozen=True)
class StepState:
    """A step as far as the order of work goes; `after` names the steps it waits for."""

    key: str
    state: str
    after: tuple[str, ...] = ()


def ready(steps: Sequence[StepState]) -> list[str]:
    """Return the pending steps whose predecessors are over."""
    over = {step.key for step in steps if step.state in OVER}
    return [step.key for step in steps if step.state == "pending" and over.issuperset(step.after)]


def is_over(states: Iterable[str]) -> bool:
    """Say whether every step is done or skipped."""
    return all(state in OVER for state in states)


def plan_hash(catalog_hash: str, answers: Mapping[str, object], plans: Mapping[str, object]) -> str:
    """Return what an approval is bound to: the item's version, the answers, and what each automatic step would do."""
    return digest(canonical([catalog_hash, dict(answers), {key: plans[key] for key in sorted(plans)}]))
