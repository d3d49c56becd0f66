"""What votes decide (domain.md 4): no clock, no database, no user."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from app.rules.audit import canonical, digest


class Choice(StrEnum):
    """What a voter may say."""

    APPROVE = "approve"
    REJECT = "reject"
    ABSTAIN = "abstain"


class Outcome(StrEnum):
    """Where an approval, or a whole round, stands."""

    ASKED = "asked"
    APPROVED = "approved"
    REJECTED = "rejected"


def needed(needs: str, asked: int) -> int:
    """Return how many of those asked must agree: "first", "all" or a percentage such as "50%".

    A percentage of zero or less, or nothing, means the first; of 100 or more, all; else rounded half up.
    """
    if needs == "all":
        return asked
    if not needs.endswith("%"):
        return 1
    share = Decimal(needs.removesuffix("%").strip() or "0")
    if share <= 0:
        return 1
    if share >= 100:
        return asked
    return max(1, int((share * asked / 100).quantize(Decimal(1), ROUND_HALF_UP)))


def outcome(needs: str, votes: Sequence[Choice | None]) -> Outcome:
    """Return where one approval stands, given the answer (or none yet) of each seat; one rejection rejects."""
    if Choice.REJECT in votes:
        return Outcome.REJECTED
    if votes and votes.count(Choice.APPROVE) >= needed(needs, len(votes)):
        return Outcome.APPROVED
    return Outcome.ASKED


def chairs(answers: Iterable[tuple[int, Choice | None]]) -> list[Choice | None]:
    """Return one answer for each chair of an approval, given (chair, answer) of each seat.

    Whoever was asked and those who were asked instead of them hold one chair: a no of any of them is its answer.
    """
    found: dict[int, Choice | None] = {}
    for chair, answer in answers:
        before = found.get(chair)
        found[chair] = before if before is Choice.REJECT or answer is None else answer
    return list(found.values())


def shape(slug: str, catalog_hash: str, cost: str, plan: Sequence[Mapping[str, Any]]) -> str:
    """Return what equal orders have in common: the same version of the same item at the same cost, whose automatic steps
    do the same to the same things outside, whoever it is for.
    """
    steps = [
        [step.get("step"), bool(step.get("fault")), [[change["op"], change["of"], change["part"]] for change in step.get("changes", ())
                                                     if isinstance(change, Mapping)]]
        for step in plan
    ]  # fmt: skip
    return digest(canonical([slug, catalog_hash, cost, steps]))


def round_outcome(outcomes: Sequence[Outcome]) -> Outcome:
    """Return where the round stands: all approvals apply, any rejection rejects; nothing asked is not approval."""
    if Outcome.REJECTED in outcomes:
        return Outcome.REJECTED
    if outcomes and all(each is Outcome.APPROVED for each in outcomes):
        return Outcome.APPROVED
    return Outcome.ASKED
