"""Where an item stands, in plain words for whoever ordered it: done, now, next (ux 20)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.rules.actions import ACTIONS
from app.rules.words import Text, t


class Mark(StrEnum):
    """How a stage of the way stands."""

    DONE = "done"
    NOW = "now"
    NEXT = "next"
    FAILED = "failed"
    OFF = "off"


@dataclass(frozen=True)
class Stage:
    """One stage of an item's way; `people` are the names of who did it or who it waits for, `said` what they wrote.

    `outcome` says of a stage that is over what became of it, where it is not simply done.
    """

    mark: Mark
    text: Text
    at: datetime | None = None
    people: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    outcome: Text | None = None


@dataclass(frozen=True)
class AskedApproval:
    """An approval as it stands: who was asked (names), who answered, since when."""

    who: str
    state: str
    asked: tuple[str, ...]
    answered: tuple[str, ...]
    asked_at: datetime | None
    decided_at: datetime | None
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class TakenStep:
    """A step as it stands; `words` say what it does, `team` who does a manual one."""

    words: Text
    state: str
    is_manual: bool
    team: str = ""
    assignee: str = ""
    started_at: datetime | None = None
    done_at: datetime | None = None
    action: str = ""


@dataclass(frozen=True)
class Pause:
    """Why nothing goes on: what it waits for, since when, and what was written about it."""

    reason: str
    since: datetime
    said: str = ""


_WAITS_FOR = {
    "requester": t("On hold: we need an answer from you"),
    "vendor": t("On hold: we wait for a supplier"),
    "change": t("On hold: a planned change comes first"),
    "problem": t("On hold: a fault has to be mended first"),
    "evidence": t("On hold: something has to be found out first"),
}
_WHO = {
    "manager-of-beneficiary": (t("The manager agreed"), t("The manager said no"), t("Waiting for the manager"), t("The manager is asked")),
    "owner-of-group": (
        t("The group's owner agreed"), t("The group's owner said no"), t("Waiting for the group's owner"), t("The group's owner is asked"),
    ),
}  # fmt: skip
_OTHERS = (t("Agreed"), t("Refused"), t("Waiting for an answer"), t("Somebody is asked"))
_STEP_MARK = {
    "done": Mark.DONE, "skipped": Mark.OFF, "undone": Mark.OFF, "kept": Mark.DONE, "failed": Mark.FAILED, "running": Mark.NOW, "retrying": Mark.NOW,
    "ready": Mark.NOW, "waiting": Mark.NOW,
}  # fmt: skip
OUTCOMES: Final = {"undone": t("Taken back"), "kept": t("Could not be taken back"), "skipped": t("Left out")}
_BEFORE_STEPS = frozenset({"requested", "awaiting_approval", "rejected"})
_NO_MORE_STEPS = frozenset({"compensating", "closed", "closed_incomplete", "closed_skipped"})


def way(
    state: str,
    *,
    submitted_at: datetime,
    submitted_by: str,
    approvals: Sequence[AskedApproval],
    steps: Sequence[TakenStep],
    closed_at: datetime | None,
    pause: Pause | None = None,
) -> list[Stage]:
    """Return the stages of an item's way in order, each done, now or still to come."""
    stages = [Stage(Mark.DONE, t("Sent"), submitted_at, (submitted_by,))]
    if state == "requested":
        stages.append(Stage(Mark.NOW, t("We are working out what will be done"), submitted_at))
    stages += [_approval(each) for each in approvals if each.state != "no_longer_required" or state != "canceled"]
    if state == "canceled":
        return [*stages, *(_step(each, False) for each in steps if each.state in {"done", "undone"}), Stage(Mark.DONE, t("Canceled"), closed_at)]
    if state == "rejected":
        return [stage for stage in stages if stage.mark in {Mark.DONE, Mark.FAILED}]  # nobody else is asked any more
    taken = [_step(each, state in _BEFORE_STEPS) for each in steps]
    if state in _NO_MORE_STEPS:
        taken = [replace(stage, mark=Mark.OFF, outcome=t("Not done")) if stage.mark is Mark.NEXT else stage for stage in taken]
    stages += _paused(taken, pause) if pause else taken
    return [*stages, _last(state, closed_at)]


def _paused(steps: list[Stage], pause: Pause) -> list[Stage]:
    """Put what it waits for before the first step that is not over: nothing goes on until then."""
    over = [stage for stage in steps if stage.mark is Mark.DONE]
    rest = [replace(stage, mark=Mark.NEXT, at=None) if stage.mark is Mark.NOW else stage for stage in steps if stage not in over]
    text = _WAITS_FOR.get(pause.reason, t("On hold"))
    return [*over, Stage(Mark.NOW, text, pause.since, (), (pause.said,) if pause.said else ()), *rest]


def _approval(asked: AskedApproval) -> Stage:
    agreed, refused, waiting, later = _WHO.get(asked.who, _OTHERS)
    match asked.state:
        case "approved":
            return Stage(Mark.DONE, agreed, asked.decided_at, asked.answered, asked.said)
        case "rejected":
            return Stage(Mark.FAILED, refused, asked.decided_at, asked.answered, asked.said)
        case "asked":
            return Stage(Mark.NOW, waiting, asked.asked_at, asked.asked)
        case _:
            return Stage(Mark.NEXT, later, None, asked.asked)


def _step(step: TakenStep, not_yet: bool) -> Stage:
    state = outcome(step.state, step.action)
    mark = Mark.NEXT if not_yet else _STEP_MARK.get(state, Mark.NEXT)
    people = tuple(name for name in (step.assignee or step.team,) if name)
    at = step.done_at if mark is Mark.DONE else step.started_at
    return Stage(mark, step.words, at, people if step.is_manual else (), outcome=None if not_yet else OUTCOMES.get(state))


def outcome(state: str, action: str | None) -> str:
    """Return what became of a step: its state, or `kept` where undoing left what a person or an irreversible action did."""
    is_kept = state == "undone" and not (action and not ACTIONS[action].irreversible)
    return "kept" if is_kept else state


def _last(state: str, closed_at: datetime | None) -> Stage:
    match state:
        case "closed":
            return Stage(Mark.DONE, t("Done, and checked that it works"), closed_at)
        case "closed_incomplete":
            return Stage(Mark.FAILED, t("Ended without being finished"), closed_at)
        case "closed_skipped":
            return Stage(Mark.DONE, t("Ended: there was nothing to do"), closed_at)
        case "failed":
            return Stage(Mark.FAILED, t("Something did not work. Our team was told and will take care of it"))
        case "compensating":
            return Stage(Mark.NOW, t("What was done is being taken back"))
        case "fulfilled":
            return Stage(Mark.NOW, t("Checking that it works"))
        case _:
            return Stage(Mark.NEXT, t("Checked that it works"))
