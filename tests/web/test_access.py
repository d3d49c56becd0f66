"""The pages of access: what I hold, giving back, asking for longer, the register and its file, reviews."""

import csv
import io
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from app import database
from app.models.access import CampaignEntry, Grant
from app.models.messages import Message
from app.services import access, recertification
from app.unit_of_work import SYSTEM, unit_of_work
from tests import access as acts
from tests.databases import Scene
from tests.web.pages import browser_of, counted, send

MOST_QUERIES = 12


@pytest.fixture
def house(cast: str, application: Flask, scene: Scene[None]) -> Flask:
    """Ana holds finance-ro for some days and finance-rw for good, Zeca holds vpn-users."""
    scene("house", _hold)
    return application


def _hold() -> None:
    acts.held("ana", "finance-ro", acts.in_days(10))
    acts.held("ana", "finance-rw")
    acts.held("zeca", "vpn-users", acts.in_days(40), approvers=("rui", "igor"))


def grant_of(who: str, group: str) -> int:
    with database.sessions()() as session:
        query = "select g.id from grants g join people p on p.id = g.person_id where p.login = :who and g.target = :group"
        return int(session.execute(text(query), {"who": who, "group": group}).scalar_one())


def campaign(**more: object) -> int:
    with unit_of_work("eva") as uow:
        return recertification.start(uow, "Fourth quarter", uow.now.date() + timedelta(days=10), **more).id  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("who", "path", "words"),
    [
        ("ana", "/access/", "For good"), ("ana", "/access/1", "Give it back now"), ("ana", "/access/1/extend", "You hold access to finance-ro until"),
        ("igor", "/access/register", "Zeca Dias"), ("eva", "/access/register?q=ana&group=finance-rw", "finance-rw"),
        ("eva", "/access/register?show=stuck", "Every end has worked"), ("eva", "/access/register?show=ended", "Nothing here yet"),
        ("eva", "/access/3", "Take the access away"), ("igor", "/access/reviews", "0 of 3 answered"), ("igor", "/approvals/", "wait for your answer: 3"),
        ("eva", "/access/campaigns", "Fourth quarter"), ("eva", "/access/campaigns/1", "Igor Nunes"), ("eva", "/access/campaigns/new", "vpn-users"),
    ],
)  # fmt: skip
def test_the_page_opens_with_few_questions_to_the_database(house: Flask, who: str, path: str, words: str) -> None:
    campaign()
    client = browser_of(house, who)
    client.get(path)
    with counted() as statements:
        answer = client.get(path)
    assert (answer.status_code, words in answer.text) == (200, True), answer.text
    assert len(statements) <= MOST_QUERIES, "\n".join(statements)


def test_giving_back_takes_one_press_and_is_carried_out_by_the_flow(house: Flask) -> None:
    client, held = browser_of(house, "ana"), grant_of("ana", "finance-ro")
    assert send(client, f"/access/{held}/give-back").status_code == 303
    assert "Being taken away" in client.get("/access/").text
    with unit_of_work(SYSTEM) as uow:
        assert held in access.due(uow)
        assert access.look(uow, held) is not None
        access.ended(uow, held)
    assert "It was given back" in client.get("/access/").text


def test_asking_for_longer_is_an_order_with_the_answers_of_the_first_one(house: Flask) -> None:
    client, held = browser_of(house, "ana"), grant_of("ana", "finance-ro")
    page = client.get(f"/access/{held}/extend").text
    assert 'value="finance-ro"' in page
    acts.asked("ana", "finance-ro", acts.in_days(90))
    assert "Asked for longer" in client.get("/access/").text
    assert client.get(f"/access/{held}/extend").status_code == 409
    assert "Ana Lima has access to finance-ro already." in browser_of(house, "helena").get("/approvals/RIT0000004").text


def test_an_administrator_takes_access_away_only_with_a_reason(house: Flask) -> None:
    client, held = browser_of(house, "eva"), grant_of("zeca", "vpn-users")
    refused = send(client, f"/access/{held}/revoke", reason=" ")
    assert (refused.status_code, acts.grant(held).state) == (422, "open")
    assert send(client, f"/access/{held}/revoke", reason="He changed teams.").status_code == 303
    assert (acts.grant(held).state, acts.grant(held).ended_why) == ("ending", "revoked")
    assert "He changed teams." in client.get(f"/access/{held}").text


def test_what_could_not_be_ended_says_why_and_is_tried_again(house: Flask) -> None:
    held = grant_of("zeca", "vpn-users")
    with database.sessions().begin() as session:
        error = {"error": ["The directory has no group called %(name)s.", {"name": "vpn-users"}]}
        session.execute(update(Grant).where(Grant.id == held).values(state="ending", next_at=Grant.granted_at, error=error))
    client = browser_of(house, "eva")
    assert "The directory has no group called vpn-users." in client.get("/access/register?show=stuck").text
    assert send(client, f"/access/{held}/retry").status_code == 303
    assert acts.grant(held).attempt == 0


def test_the_register_is_paged_from_an_index_however_much_is_held(house: Flask) -> None:
    with database.sessions().begin() as session:
        session.execute(text(
            "insert into grants (person_id, kind, target, item_id, step_id, state, granted_at, ends_at, next_at, attempt) "
            "select person_id, kind, 'group-' || n, item_id, step_id, 'open', granted_at, ends_at + n * interval '1 minute', "
            "next_at + n * interval '1 minute', 0 from grants, generate_series(1, 2000) n where target = 'vpn-users'"
        ))  # fmt: skip
        session.execute(text("analyze grants"))
    client, seen, path = browser_of(house, "eva"), 0, "/access/register"
    while path:
        page = client.get(path).text
        seen += page.count('class="row-link"')
        link = page.rpartition('rel="next"')[0].rpartition('href="')[2].partition('"')[0] if 'rel="next"' in page else ""
        path = link.replace("&amp;", "&") if seen < 200 else ""
    assert seen == 200
    with database.sessions()() as session:
        plan = session.execute(text(
            "explain select id from grants where state <> 'ended' "
            "order by coalesce(ends_at, '9999-12-31 00:00:00+00'::timestamptz), id limit 50"
        )).scalars().all()  # fmt: skip
    assert any("Index Only Scan using ix_grants_ends" in line or "Index Scan using ix_grants_ends" in line for line in plan), plan


def test_the_file_holds_exactly_what_is_seen(house: Flask) -> None:
    answer = browser_of(house, "eva").get("/access/register.csv?q=ana")
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [(row["User name"], row["Access to"]) for row in rows] == [("ana", "finance-ro"), ("ana", "finance-rw")]
    assert rows[0]["Until"] == acts.in_days(10)
    assert rows[1]["Until"] == ""


def test_a_reviewer_answers_some_and_keeps_the_rest_by_a_press(house: Flask) -> None:
    number = campaign()
    client = browser_of(house, "igor")
    with database.sessions()() as session:
        entry = session.scalars(select(CampaignEntry.id).where(CampaignEntry.grant_id == grant_of("zeca", "vpn-users"))).one()
    send(client, f"/access/reviews/{number}", **{f"entry-{entry}": "revoke"})
    assert "1 of 3 answered" in client.get("/access/reviews").text
    assert acts.grant(grant_of("zeca", "vpn-users")).state == "ending"
    send(client, f"/access/reviews/{number}", keep_rest="1")
    assert "All answered. Thank you." in client.get("/access/reviews").text


def test_a_campaign_is_started_from_its_form_and_asks_the_owners(house: Flask) -> None:
    client = browser_of(house, "eva")
    wrong = send(client, "/access/campaigns/new", name="", scope="some", due_on="2020-01-01", unanswered="keep")
    assert (wrong.status_code, "Give the campaign a name" in wrong.text) == (422, True)
    due = acts.in_days(7)
    right = send(client, "/access/campaigns/new", name="VPN", scope="some", groups="vpn-users", due_on=due, unanswered="revoke")
    assert right.status_code == 303, right.text
    with database.sessions()() as session:
        letters = session.execute(select(Message.address, Message.params).where(Message.template == "recertify")).all()
    assert [(address, params["left"], params["until"]) for address, params in letters] == [("igor@aurora.example", 1, due)]
