"""`desk scenario recertify`: the owner of a group is asked who still needs it: one stays, one ends, one is left without an answer."""

from datetime import date
from typing import Any, Final

from sqlalchemy import select

from app import database
from app.models.access import CampaignEntry, Grant
from app.models.people import Person
from app.services import recertification
from app.unit_of_work import unit_of_work
from flows.cli import doing
from flows.cli.installation import Trial, demonstration, until
from flows.cli.membership import GROUP, given, members

OWNER, ADMINISTRATOR = "igor", "eva"
STAYS, ENDS, LEFT = "ana", "paulo", "miguel"
DAYS: Final = 10


def play() -> dict[str, Any]:
    """Play it in an installation of its own; returns the evidence."""
    with demonstration() as trial:
        doing.publish()
        return _play(trial)


def _play(trial: Trial) -> dict[str, Any]:
    before = members()
    orders = {who: given(who, reason="Reports.") for who in (STAYS, ENDS, LEFT)}
    held = members()
    with unit_of_work(ADMINISTRATOR) as uow:
        due = date.fromisoformat(doing.today(days=DAYS))
        campaign = recertification.start(uow, "Fourth quarter", due, groups=[GROUP]).id
    asked = _entries()
    with unit_of_work(OWNER) as uow:
        recertification.answer(uow, campaign, {asked[STAYS]["entry"]: "keep", asked[ENDS]["entry"]: "revoke"})
    until(lambda: doing.grants(ENDS)[0]["state"] == "ended", "what was revoked is taken from the directory")
    answered = members()
    doing.let_pass(days=DAYS // 2 + 1)
    until(lambda: "campaign.remind" in _told(campaign), "the owner is reminded")
    doing.let_pass(days=DAYS)
    until(lambda: "campaign.close" in _told(campaign), "the campaign is closed by its flow")
    numbers = [number for order in orders.values() for number in order]
    until(lambda: doing.is_at_rest(*numbers), "nothing is left to do")
    after, found, changes = members(), doing.evidence(*numbers), trial.membership_changes()
    went = len(held) == len(before) + 3 and len(answered) == len(before) + 2 and after == answered
    reviewers = {each["reviewer"] for each in asked.values()}
    return {
        "ok": bool(found["verify"]["ok"] and went and reviewers == {OWNER} and _entries()[LEFT]["decision"] is None
                   and (changes is None or len(changes) == 4)),
        "scenario": "recertify", "group": GROUP, "orders": orders, "asked": asked, "answers": _entries(),
        "directory_before": before, "directory_held": held, "directory_after_the_answers": answered, "directory_after": after,
        "directory_changes": changes, "campaign": doing.events(f"campaigns:{campaign}"),
        "grants": {who: doing.grants(who) for who in orders}, **found,
    }  # fmt: skip


def _entries() -> dict[str, dict[str, Any]]:
    """Return who is asked about whom, and the answers, by the holder."""
    with database.sessions()() as session:
        query = select(CampaignEntry).join(Grant, Grant.id == CampaignEntry.grant_id).join(Person, Person.id == Grant.person_id)
        return {
            each.grant.person.login: {"entry": each.id, "reviewer": each.reviewer.login if each.reviewer else None, "decision": each.decision}
            for each in session.scalars(query.order_by(CampaignEntry.id))
        }


def _told(campaign: int) -> list[str]:
    return [event["event"] for event in doing.events(f"campaigns:{campaign}")]
