"""What votes decide (domain.md 4): no clock, no database, no user."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum


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


def round_outcome(outcomes: Sequence[Outcome]) -> Outcome:
    """Return where the round stands: all approvals apply, any rejection rejects; nothing asked is not approval."""
    if Outcome.REJECTED in outcomes:
        return Outcome.REJECTED
    if outcomes and all(each is Outcome.APPROVED for each in outcomes):
        return Outcome.APPROVED
    return Outcome.ASKED
