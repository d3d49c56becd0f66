"""`desk scenario drift`: the directory changes behind the desk's back after a yes; the step stops, and is asked again."""

from typing import Any, Final

from sqlalchemy import select

from app import database
from app.directory import directory
from app.models.approvals import ApprovalRound, Vote
from app.models.directory import DirectoryGroup
from app.models.records import Record
from app.rules.approvals import Choice
from app.rules.errors import Unavailable
from app.rules.words import t
from app.services import requests
from app.unit_of_work import unit_of_work
from flows.cli import doing
from flows.cli.installation import demonstration, until
from flows.cli.membership import ENDED, GROUP, members, ordered

WHO: Final = "ana"


def play() -> dict[str, Any]:
    """Play it in an installation of its own; returns the evidence."""
    with demonstration():
        doing.publish()
        return _play()


def _play() -> dict[str, Any]:
    before = members()
    request, item = ordered(WHO)
    planned = doing.item_plan(item)
    first = doing.asked(item)
    with unit_of_work(first[0][0]) as uow:
        requests.decide(uow, item, Choice.APPROVE)
    _behind_the_desks_back()
    doing.approve(item)
    until(lambda: len(_rounds(item)) == 2 and doing.is_at_rest(item), "the step stopped, and everybody is asked again")
    asked_again, planned_again, between = doing.asked(item), doing.item_plan(item), members()
    doing.approve(item)
    until(lambda: doing.state(item) in ENDED and doing.is_at_rest(item), "what was approved anew is carried out")
    rounds, found = _rounds(item), doing.evidence(request, item)
    bound = all(each["votes_about"] == [each["about"]] for each in rounds)
    return {
        "ok": bool(found["verify"]["ok"] and bound and [each["state"] for each in rounds] == ["approved", "approved"]
                   and rounds[0]["about"] != rounds[1]["about"] and planned != planned_again and len(asked_again) == len(first)),
        "scenario": "drift", "request": request, "item": item, "plan": planned, "plan_after_drift": planned_again,
        "rounds": rounds, "asked_again": asked_again, "directory_before": before, "directory_when_asked_again": between,
        "directory_after": members(), **found,
    }  # fmt: skip


def _behind_the_desks_back() -> None:
    """Somebody puts the person into the group with a tool of their own."""
    person = directory().person(WHO)
    with database.sessions()() as session:
        dn = session.scalars(select(DirectoryGroup.dn).where(DirectoryGroup.name == GROUP)).one()
    if person is None:
        raise Unavailable(t("The directory does not know %(who)s.", who=WHO))
    directory().add_member(dn, person.dn)


def _rounds(item: str) -> list[dict[str, Any]]:
    """Return each round of an item, what it was about, and what its votes were about."""
    with database.sessions()() as session:
        query = select(ApprovalRound).join(Record, Record.id == ApprovalRound.record_id).where(Record.number == item)
        return [
            {"round": each.number, "state": each.state, "about": each.subject_hash,
             "votes_about": sorted(set(session.scalars(select(Vote.subject_hash).where(Vote.round_id == each.id))))}
            for each in session.scalars(query.order_by(ApprovalRound.number))
        ]  # fmt: skip
