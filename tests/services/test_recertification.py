"""Recertification: who is asked, what an answer does, and what becomes of what nobody answered."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, text, update

from app import database
from app.models.access import Campaign, CampaignEntry
from app.models.messages import Message
from app.models.people import Person
from app.rules.errors import ActionNotAllowed, Forbidden, Invalid, NotFound
from app.services import access, recertification
from app.unit_of_work import SYSTEM, unit_of_work
from tests import access as acts
from tests.cast import event_names


def started(*, days: int = 10, **more: object) -> int:
    with unit_of_work("eva") as uow:
        return recertification.start(uow, "Fourth quarter", uow.now.date() + timedelta(days=days), **more).id  # type: ignore[arg-type]


def asked() -> dict[str, str | None]:
    """Return who is asked about whose access."""
    query = "select h.login || ':' || g.target, r.login from campaign_entries e join grants g on g.id = e.grant_id "
    query += "join people h on h.id = g.person_id left join people r on r.id = e.reviewer_id"
    with database.sessions()() as session:
        return {row[0]: row[1] for row in session.execute(text(query))}


def entry(grant: int) -> int:
    with database.sessions()() as session:
        return session.scalars(select(CampaignEntry.id).where(CampaignEntry.grant_id == grant)).one()


def letters() -> list[tuple[str, str]]:
    with database.sessions()() as session:
        rows = session.execute(select(Message.template, Message.address).order_by(Message.id))
        return [(name, address.partition("@")[0]) for name, address in rows if name.startswith("recertify")]


def come_to(campaign: int, share: float) -> None:
    """Let that share of the campaign's time be over, and let the flow look at it."""
    with database.sessions().begin() as session:
        row = session.get_one(Campaign, campaign)
        passed = (row.due_at - row.started_at) * share
        for name in ("started_at", "due_at", "next_at"):
            if getattr(row, name):
                setattr(row, name, getattr(row, name) - passed)
    with unit_of_work(SYSTEM) as uow:
        for each in recertification.due(uow):
            recertification.look(uow, each)


def test_the_owner_is_asked_but_never_the_holder(cast: str) -> None:
    acts.held("ana", "finance-ro")
    acts.held("igor", "finance-ro", approvers=("rui",))  # igor owns it: his manager answers for him
    with database.sessions().begin() as session:
        session.execute(text("delete from group_owners where group_id = (select id from directory_groups where name = 'wiki-editors')"))
    acts.held("zeca", "wiki-editors", approvers=("rui", "bo"))
    started()
    assert asked() == {"ana:finance-ro": "igor", "igor:finance-ro": "rui", "zeca:wiki-editors": "rui"}
    assert letters() == [("recertify", "rui"), ("recertify", "igor")]


def test_where_nobody_can_be_found_the_administrators_answer(cast: str) -> None:
    held = acts.held("zeca", "finance-ro", approvers=("rui", "igor"))
    with database.sessions().begin() as session:
        session.execute(update(Person).where(Person.login.in_(["igor", "rui"])).values(active=False))
    started()
    assert asked() == {"zeca:finance-ro": None}
    with unit_of_work("eva") as uow:
        assert recertification.decide(uow, entry(held), "revoke").grant.state == "ending"


def test_only_chosen_groups_are_asked_about(cast: str) -> None:
    acts.held("ana", "finance-ro")
    acts.held("ana", "finance-rw")
    started(groups=["finance-rw"])
    assert asked() == {"ana:finance-rw": "igor"}
    for wrong in (["no-such-group"], [], ["vpn-users"]):
        with pytest.raises(Invalid):
            started(groups=wrong)
    with pytest.raises(Invalid):
        started(days=-2)
    with unit_of_work("igor") as uow, pytest.raises(Forbidden):
        recertification.start(uow, "Mine", date(2030, 1, 1))


def test_keep_leaves_it_revoke_takes_it_away_at_once(cast: str) -> None:
    stays, ends = acts.held("ana", "finance-ro"), acts.held("ana", "finance-rw")
    campaign = started()
    with unit_of_work("igor") as uow:
        assert recertification.answer(uow, campaign, {entry(stays): "keep", entry(ends): "revoke"}) == 2
    assert (acts.grant(stays).state, acts.grant(ends).state, acts.grant(ends).ended_why) == ("open", "ending", "recertification")
    with unit_of_work("igor") as uow:
        recertification.decide(uow, entry(stays), "revoke")
    with unit_of_work("igor") as uow, pytest.raises(ActionNotAllowed):
        recertification.decide(uow, entry(stays), "keep")
    assert event_names(f"campaigns:{campaign}") == ["campaign.start", *["campaign.decide"] * 3]


def test_keeping_the_rest_keeps_only_ones_own(cast: str) -> None:
    mine, others = acts.held("ana", "finance-ro"), acts.held("igor", "finance-rw", approvers=("rui",))
    campaign = started()
    with unit_of_work("igor") as uow:
        assert recertification.answer(uow, campaign, {}, keep_rest=True) == 1
    with database.sessions()() as session:
        decisions = {row.grant_id: row.decision for row in session.scalars(select(CampaignEntry))}
    assert decisions == {mine: "keep", others: None}
    with unit_of_work("igor") as uow, pytest.raises(NotFound):
        recertification.answer(uow, campaign, {entry(others): "keep"})


def test_reviewers_are_reminded_at_half_time_and_on_the_last_day_and_the_flow_closes_it(cast: str) -> None:
    held = acts.held("ana", "finance-ro")
    campaign = started()
    come_to(campaign, 0.2)
    assert letters() == [("recertify", "igor")]
    come_to(campaign, 0.31)
    come_to(campaign, 0.42)  # less than a day is left, at whatever hour it was started
    assert letters()[1:] == [("recertify_reminder", "igor")] * 2
    come_to(campaign, 0.10)
    assert letters()[3:] == [("recertify_closed", "eva")]
    assert acts.grant(held).state == "open"
    assert event_names(f"campaigns:{campaign}") == ["campaign.start", "campaign.remind", "campaign.remind", "campaign.close"]
    with unit_of_work("igor") as uow, pytest.raises(ActionNotAllowed, match="closed"):
        recertification.decide(uow, entry(held), "keep")


def test_what_nobody_answered_is_taken_away_where_that_was_said_at_the_start(cast: str) -> None:
    left, answered = acts.held("ana", "finance-ro"), acts.held("ana", "finance-rw")
    campaign = started(unanswered="revoke")
    with unit_of_work("igor") as uow:
        recertification.decide(uow, entry(answered), "keep")
    come_to(campaign, 1.1)
    assert (acts.grant(left).state, acts.grant(left).ended_why, acts.grant(answered).state) == ("ending", "unanswered", "open")


def test_access_that_ended_meanwhile_needs_no_answer(cast: str) -> None:
    held = acts.held("ana", "finance-ro")
    campaign = started(unanswered="revoke")
    with unit_of_work("ana") as uow:
        access.give_back(uow, held)
    come_to(campaign, 0.6)
    assert letters() == [("recertify", "igor")]
    come_to(campaign, 0.5)
    assert acts.grant(held).ended_why == "given_back"


def test_nobody_decides_about_the_own_access_not_even_an_administrator(cast: str) -> None:
    held = acts.held("eva", "finance-ro", approvers=("rui", "igor"))
    started()
    with unit_of_work("eva") as uow, pytest.raises(ActionNotAllowed, match="own access"):
        recertification.decide(uow, entry(held), "keep")
