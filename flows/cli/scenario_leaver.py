"""`desk scenario leaver`: a colleague leaves. Until the last day nothing changes; that evening the account and every access end."""

import time
from typing import Any, Final

from flows.cli import doing
from flows.cli.installation import Trial, demonstration, until
from flows.cli.membership import given, members, ordered

LEAVER: Final = "accounts/leaver"
WHO, MANAGER = "ana", "helena"
GROUPS: Final = ("finance-ro", "wiki-editors")
OPEN: Final = "crm-users"  # ordered, and not yet decided when the last day comes
DAYS: Final = 7  # from the order to the last day


def play() -> dict[str, Any]:
    """Play it in an installation of its own; returns the evidence."""
    with demonstration() as trial:
        doing.publish()
        return _play(trial)


def _play(trial: Trial) -> dict[str, Any]:
    held_by = [given(WHO, group)[1] for group in GROUPS]
    open_order = ordered(WHO, OPEN)
    before, held = doing.person(WHO), doing.grants(WHO)
    last_day = doing.today(days=DAYS)
    answers = {"person": WHO, "last_day": last_day, "files": MANAGER, "things": ["laptop", "badge"]}
    request, item = doing.order(MANAGER, LEAVER, answers, f"scenario-{time.time_ns()}")
    until(lambda: doing.state(item) == "awaiting_approval", "it is planned, and its approver asked")
    plan = doing.item_plan(item)
    approved = doing.approve(item)
    until(lambda: doing.steps(item).get("last-day") == "waiting", "it waits for the last day")
    tasks = doing.do_tasks(item)
    doing.let_pass(days=DAYS)
    until(lambda: doing.steps(item)["evening"] == "waiting", "the last day has come")
    working = doing.person(WHO)
    _until_the_evening(item)
    until(lambda: _is_over(item, tasks), "account and access have ended, and it was looked at again")
    numbers = [*held_by, *open_order, request, item]
    until(lambda: doing.is_mail_out(*numbers), "every mail is sent")
    after, register, found = doing.person(WHO), doing.grants(WHO), doing.evidence(*numbers)
    return {
        "ok": bool(found["verify"]["ok"] and before and working and after and working["active"] and not after["active"]
                   and set(GROUPS) <= set(working["groups"]) and not after["groups"] and doing.state(open_order[1]) == "canceled"
                   and after["dn"] not in members(OPEN) and all(grant["state"] == "ended" for grant in register) and doing.state(request) == "closed_complete"),
        "scenario": "leaver", "request": request, "item": item, "last_day": last_day, "plan": plan,
        "approved_by": [f"{login} ({why})" for login, why in approved], "tasks": tasks,
        "directory_before": before, "directory_on_the_last_day": working, "directory_after": after,
        "open_order": open_order, "register_before": held, "register_after": register, "directory_changes": trial.directory_changes(),
        "states": doing.states(numbers), **found,
    }  # fmt: skip


def _until_the_evening(item: str) -> None:
    """Let half days pass until the day's work is over; a last day that is none of work ends with the next that is."""
    for _ in range(10):
        doing.let_pass(hours=12)
        until(lambda: doing.has_nothing_due(item), "what is due is done")
        if doing.steps(item)["evening"] == "done":
            return


def _is_over(item: str, tasks: list[dict[str, str]]) -> bool:
    tasks.extend(doing.do_tasks(item))
    doing.let_checks_pass(item)
    return doing.state(item) == "closed" and doing.has_nothing_due(item)
