"""`desk scenario joiner`: a colleague starts. One order, the account, everything that hangs on it, and the first day."""

import time
from typing import Any, Final

from flows.cli import doing
from flows.cli.installation import Trial, demonstration, until
from flows.cli.membership import ENDED

BUNDLE: Final = "accounts/new-joiner"
LAPTOP, LICENCE = "hardware/laptop", "software/licence"
MANAGER, LOGIN = "helena", "nina.costa"
DAYS: Final = 10  # from the order to the first day


def play() -> dict[str, Any]:
    """Play it in an installation of its own; returns the evidence."""
    with demonstration() as trial:
        doing.publish()
        return _play(trial)


def _play(trial: Trial) -> dict[str, Any]:
    first_day = doing.today(days=DAYS)
    answers = {
        "full_name": "Nina Costa", "login": LOGIN, "department": "Finance", "title": "Tax Analyst",
        "first_day": first_day, "mentor": "ana", "things": ["laptop", "programs"], "computer": "light",
    }  # fmt: skip
    before = doing.person(LOGIN)
    request, bundle = doing.order(MANAGER, BUNDLE, answers, f"scenario-{time.time_ns()}")
    until(lambda: doing.state(bundle) == "awaiting_approval", "the bundle is planned and its approver asked")
    plan = doing.item_plan(bundle)
    approved = {bundle: doing.approve(bundle)}
    done = _until_only_the_first_day_is_missing(request, bundle, approved)
    prepared, waiting = doing.person(LOGIN), doing.state(bundle)
    doing.let_pass(days=DAYS)
    until(lambda: _is_over(request, done), "the first day came, and everything is done")
    numbers = [request, *doing.items(request).values()]
    until(lambda: doing.is_mail_out(*numbers), "every mail is sent")
    found = doing.evidence(*numbers)
    states, after, changes = doing.states(numbers), doing.person(LOGIN), trial.directory_changes()
    made = changes is None or [change["operation"] for change in changes] == ["add"]
    return {
        "ok": bool(found["verify"]["ok"] and before is None and prepared and prepared["active"] and made
                   and after and waiting == "fulfilling" and doing.beneficiary(doing.items(request)[LICENCE]) == LOGIN
                   and set(doing.items(request)) == {BUNDLE, LAPTOP, LICENCE} and states[request] == "closed_complete"),
        "scenario": "joiner", "request": request, "items": doing.items(request), "first_day": first_day, "plan": plan,
        "approved_by": {number: [f"{login} ({why})" for login, why in said] for number, said in approved.items()},
        "directory_before": before, "directory_before_the_first_day": prepared, "directory_after": after, "directory_changes": changes,
        "state_before_the_first_day": waiting, "tasks": done, "states": states, **found,
    }  # fmt: skip


def _until_only_the_first_day_is_missing(request: str, bundle: str, approved: dict[str, Any]) -> list[dict[str, str]]:
    """Approve the parts and do the teams' tasks, until nothing moves before the first day."""
    done: list[dict[str, str]] = []

    def settled() -> bool:
        parts = doing.items(request)
        for number in parts.values():
            if said := doing.approve(number):
                approved[number] = said
        done.extend(doing.do_tasks(*parts.values()))
        others = [number for number in parts.values() if number != bundle]
        ended = all(state in ENDED for state in doing.states(others).values())
        return len(parts) == 3 and ended and doing.steps(bundle)["first-day"] == "waiting" and doing.has_nothing_due(*parts.values())

    until(settled, "the account is there, and laptop and programs are ordered, approved and handed over")
    return done


def _is_over(request: str, done: list[dict[str, str]]) -> bool:
    numbers = list(doing.items(request).values())
    done.extend(doing.do_tasks(*numbers))
    doing.let_checks_pass(*numbers)
    return doing.state(request) == "closed_complete" and doing.has_nothing_due(*numbers)
