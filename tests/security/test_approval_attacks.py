"""Attacks 11, 43, 44, 45, 46 and 47 on approvals: forged and replayed links, double votes, self approval, changed orders.

Each test names the guard it watches.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from app import database
from app.models.approvals import ApprovalRound, Seat, Vote
from app.models.directory import DirectoryGroup, GroupOwner
from app.models.events import Event
from app.models.people import Delegation, Membership, OneTimeLink, Team
from app.models.records import Record
from app.models.requests import Item
from app.models.spending import Spending
from app.rules.approvals import Choice
from app.rules.errors import ActionNotAllowed, DeskError, Forbidden, NotFound, Stale
from app.rules.lifecycle import STATES, Action, target
from app.services import audit, fulfilment, links, people, records, requests, revisions
from app.services.requests import Line, Order
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import event_names, person_id
from tests.services.test_asking import COSTLY, MANAGER, offered, ordered
from tests.web.pages import PLAN, asked, browser_of, send, token

# Attack 11: the link of an approver's mail


def link_of(login: str) -> str:
    """Return the path in somebody's newest approval mail."""
    with database.sessions()() as session:
        query = select(OneTimeLink).where(OneTimeLink.purpose == links.DECISION, OneTimeLink.person_id == person_id(login))
        return links.path(session.scalars(query.order_by(OneTimeLink.id.desc())).first())


def votes() -> list[tuple[str, str, str]]:
    with database.sessions()() as session:
        return [(vote.voter.login, vote.seat.person.login, vote.choice) for vote in session.scalars(select(Vote))]


def subject_of(number: str) -> str:
    with database.sessions()() as session:
        query = select(ApprovalRound.subject_hash).join(Item, Item.id == ApprovalRound.record_id).where(Item.number == number)
        return session.scalars(query.order_by(ApprovalRound.id.desc())).first() or ""


def answer(client: object, path: str, number: str, choice: str = "approve", **more: str) -> int:
    return int(send(client, path, choice=choice, subject=subject_of(number), **more).status_code)


@pytest.mark.parametrize("method", ["get", "head"])
def test_11_a_scanner_that_opens_the_link_decides_nothing_and_uses_nothing_up(cast: str, application: Flask, method: str) -> None:
    """Guard: the route takes a decision by POST only, and looking leaves the link as it is."""
    _, number = asked()
    path = link_of("helena")
    for client in (application.test_client(), browser_of(application, "helena"), browser_of(application, "zeca")):
        for suffix in ("", "?choice=approve", "?choice=approve&subject=" + subject_of(number)):
            assert getattr(client, method)(path + suffix).status_code in {200, 303, 404}
    assert votes() == []
    assert answer(browser_of(application, "helena"), path, number) == 303
    assert votes() == [("helena", "helena", "approve")]


def test_11_the_link_leads_through_sign_in_straight_to_the_question(cast: str, application: Flask) -> None:
    asked()
    path = link_of("helena")
    assert application.test_client().get(path).headers["Location"] == f"/sign-in?next={path}"
    page = browser_of(application, "helena").get(path).text
    assert "What will be done if you agree" in page
    assert f'action="{path}"' in page


def test_11_a_link_works_once(cast: str, application: Flask) -> None:
    """Guard: decision_links.use in the same transaction as the vote; a seat that was answered has no link."""
    _, number = asked()
    helena, path = browser_of(application, "helena"), link_of("helena")
    assert answer(helena, path, number) == 303
    assert answer(helena, path, number, "reject", comment="replayed") == 404
    assert helena.get(path).status_code == 404
    assert votes() == [("helena", "helena", "approve")]


def test_11_two_posts_of_one_link_at_once_are_one_vote(cast: str, application: Flask) -> None:
    _, number = asked()
    path, subject = link_of("helena"), subject_of(number)
    clients = [browser_of(application, "helena") for _ in range(6)]
    tokens = [token(client) for client in clients]

    def post(position: int) -> int:
        form = {"csrf_token": tokens[position], "choice": "approve", "subject": subject}
        return clients[position].post(path, data=form).status_code

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(post, range(6))) == [303, *[404] * 5]
    assert event_names(number).count("item.vote") == 1


@pytest.mark.parametrize("thief", ["igor", "zeca", "ana", "bo", "eva"])
def test_11_a_forwarded_link_lets_nobody_else_vote_or_read(cast: str, application: Flask, thief: str) -> None:
    """Guard: link.person_id is the actor (decision_links). Igor is an approver too: not even he votes by helena's link."""
    _, number = asked()
    client, path = browser_of(application, thief), link_of("helena")
    page = client.get(path)
    assert page.status_code == 404
    assert "Ana Lima" not in page.text.replace("Ana Lima</", "") or thief == "ana"
    assert answer(client, path, number) == 404
    assert votes() == []
    assert browser_of(application, "helena").get(path).status_code == 200  # nor is it used up


def test_11_an_altered_link_is_no_link(cast: str, application: Flask) -> None:
    """Guard: 256 bits that only this installation can compute; the table holds a hash."""
    _, number = asked()
    path, helena = link_of("helena"), browser_of(application, "helena")
    for wrong in (path[:-1] + ("0" if path[-1] != "0" else "1"), path + "0", "/decide/%25", "/decide/*", "/decide/" + "0" * 64):
        assert helena.get(wrong).status_code == 404
        assert answer(helena, wrong, number) == 404
    assert votes() == []


def test_11_without_the_forms_own_token_nothing_is_decided(cast: str, application: Flask) -> None:
    """Guard: CSRF."""
    _, number = asked()
    helena = browser_of(application, "helena")
    assert helena.post(link_of("helena"), data={"choice": "approve", "subject": subject_of(number)}).status_code == 400
    assert votes() == []


def changed(number: str) -> None:
    with unit_of_work("ana") as uow:
        revisions.change(uow, number, {"group": "wiki-editors"})


def drifted(number: str) -> None:
    with unit_of_work(SYSTEM) as uow:
        approve_all(number)
        fulfilment.store_plan(uow, number, {"step-1": {"words": "other", "changes": []}}, drift=True)


def approve_all(number: str) -> None:
    for who in ("helena", "igor"):
        with unit_of_work(who) as uow:
            requests.decide(uow, number, Choice.APPROVE)


def canceled(number: str) -> None:
    with unit_of_work("ana") as uow:
        requests.cancel(uow, uow.get(Item, number, lock=False).request.number, "no longer")


def disabled(number: str) -> None:
    with unit_of_work(SYSTEM) as uow:
        people.disable(uow, person_id("helena"))


@pytest.mark.parametrize("happened", [changed, drifted, canceled, approve_all, disabled])
def test_11_the_link_dies_with_its_question(cast: str, application: Flask, happened: object) -> None:
    """Guard: decision_links binds seat, round and what it decides on; a session dies with its person."""
    _, number = asked()
    path, helena = link_of("helena"), browser_of(application, "helena")
    subject = subject_of(number)
    csrf = token(helena)
    happened(number)  # type: ignore[operator]
    before = votes()
    assert helena.get(path).status_code in {303, 404}
    form = {"csrf_token": csrf, "choice": "reject", "comment": "late", "subject": subject}
    assert helena.post(path, data=form).status_code in {303, 400, 404}
    assert votes() == before
    with unit_of_work(SYSTEM) as uow:
        assert uow.get(Item, number, lock=False).state != "rejected"


# Attack 43: double vote, lost update


def test_43_fifty_parallel_votes_are_one(cast: str) -> None:
    """Guard: the item's lock, and unique (seat), unique (round, voter) in the database."""
    _, number = asked()

    def cast_vote(nth: int) -> str:
        try:
            with unit_of_work("helena") as uow:
                choice = Choice.APPROVE if nth % 2 else Choice.REJECT
                return requests.decide(uow, number, choice, "said").state
        except DeskError as refused:
            return type(refused).__name__

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(cast_vote, range(50)))
    assert len(votes()) == 1
    assert audit.verify().findings == []


def test_43_the_database_itself_keeps_one_vote_for_a_seat_and_for_a_voter(cast: str) -> None:
    """Guard: the unique constraints, tried past every service."""
    _, number = asked()
    with unit_of_work("helena") as uow:
        requests.decide(uow, number, Choice.APPROVE)
    with database.sessions()() as session, pytest.raises(DBAPIError, match="uq_votes"):
        session.execute(text("insert into votes (seat_id, round_id, voter_id, choice, subject_hash, at) "
                             "select seat_id, round_id, voter_id, choice, subject_hash, at from votes"))  # fmt: skip


def test_43_two_who_edit_the_same_see_that_the_other_was_faster(cast: str) -> None:
    """Guard: records.expect: the version that was on the screen."""
    _, number = asked()
    with unit_of_work(SYSTEM) as uow:
        version = uow.get(Item, number, lock=False).version
    changed(number)
    with pytest.raises(Stale) as late, unit_of_work("ana") as uow:
        revisions.change(uow, number, {"group": "crm-users"}, version=version)
    assert late.value.theirs["version"] > version
    with pytest.raises(Stale), unit_of_work("helena") as uow:
        requests.decide(uow, number, Choice.APPROVE, version=version)


# Attack 44: approving for oneself


def lend(person: str, to: str) -> None:
    start = datetime.now(UTC) - timedelta(minutes=1)
    with database.sessions().begin() as session:
        session.add(Delegation(person_id=person_id(person), delegate_id=person_id(to), starts_at=start,
                               ends_at=start + timedelta(days=9), created_at=start))  # fmt: skip


def join(team: str, login: str) -> None:
    with database.sessions().begin() as session:
        session.add(Membership(team_id=session.scalars(select(Team.id).where(Team.key == team)).one(), person_id=person_id(login)))


def refused(who: str, number: str) -> bool:
    try:
        with unit_of_work(who) as uow:
            requests.decide(uow, number, Choice.APPROVE)
    except (Forbidden, NotFound, ActionNotAllowed):
        return True
    return False


def test_44_who_orders_is_never_asked_though_a_member_of_the_team_that_is(cast: str) -> None:
    """Guard: approvers.of leaves out whoever is barred."""
    join("service-desk", "ana")
    number = ordered(offered('[[approvals]]\nwho = "team:service-desk"\n'))
    with database.sessions()() as session:
        assert person_id("ana") not in session.scalars(select(Seat.person_id)).all()
    assert refused("ana", number)


def test_44_joining_the_team_afterwards_gives_no_vote(cast: str, application: Flask) -> None:
    """Guard: seats are those who were asked; a new role or team changes nothing, in the page neither."""
    number = ordered(offered('[[approvals]]\nwho = "team:service-desk"\n'))
    join("service-desk", "ana")
    join("service-desk", "zeca")
    assert refused("ana", number)
    assert refused("zeca", number)
    assert send(browser_of(application, "ana"), f"/approvals/{number}", choice="approve").status_code == 403
    assert votes() == []


def test_44_who_was_asked_in_an_earlier_round_has_no_vote_in_this_one(cast: str) -> None:
    """Guard: a vote is for a seat of the open round; having been asked about other answers is not enough."""
    _, number = asked()
    with database.sessions().begin() as session:
        group = select(DirectoryGroup.id).where(DirectoryGroup.name == "wiki-editors").scalar_subquery()
        session.execute(update(GroupOwner).where(GroupOwner.group_id == group).values(person_id=person_id("davi")))
    with unit_of_work("ana") as uow:
        revisions.change(uow, number, {"group": "wiki-editors"})
    with unit_of_work(SYSTEM) as uow:
        fulfilment.store_plan(uow, number, PLAN)
    assert refused("igor", number)
    assert votes() == []


def test_44_a_chain_of_delegates_is_no_way_around(cast: str) -> None:
    """Guard: approvals._seat leaves out seats of the barred, rounds.barred the requester's delegates; the trigger both."""
    _, number = asked()
    lend("helena", "zeca")  # zeca votes for helena ...
    lend("ana", "helena")  # ... who from now on stands in for ana
    assert refused("helena", number)
    assert refused("zeca", number)
    assert votes() == []


def test_44_nor_may_an_approver_hand_the_question_to_whoever_asked(cast: str) -> None:
    _, number = asked()
    lend("helena", "ana")
    assert refused("ana", number)
    with pytest.raises(DeskError), unit_of_work("helena") as uow:
        requests.hand_over(uow, number, person_id("ana"))


@pytest.mark.parametrize(("voter", "seat", "why"), [
    ("ana", "helena", "nobody decides for himself"), ("bo", "helena", "somebody else"), ("igor", "helena", "somebody else"),
])  # fmt: skip
def test_44_the_database_itself_holds_four_eyes(cast: str, voter: str, seat: str, why: str) -> None:
    """Guard: the trigger vote_guard, tried past every service."""
    asked()
    with database.sessions()() as session, pytest.raises(DBAPIError, match=why):
        session.execute(text(
            "insert into votes (seat_id, round_id, voter_id, choice, subject_hash, at) select s.id, s.round_id, :voter, "
            "'approve', r.subject_hash, desk_now() from seats s join approval_rounds r on r.id = s.round_id where s.person_id = :seat"
        ), {"voter": person_id(voter), "seat": person_id(seat)})  # fmt: skip


def test_44_the_database_refuses_a_delegate_of_the_requester(cast: str) -> None:
    """Guard: the trigger vote_guard looks at delegations too, also of whoever the seat belongs to."""
    asked()
    lend("ana", "helena")
    with database.sessions()() as session, pytest.raises(DBAPIError, match="a delegate of the requester does not decide"):
        session.execute(text(
            "insert into votes (seat_id, round_id, voter_id, choice, subject_hash, at) select s.id, s.round_id, s.person_id, "
            "'approve', r.subject_hash, desk_now() from seats s join approval_rounds r on r.id = s.round_id where s.person_id = :seat"
        ), {"seat": person_id("helena")})  # fmt: skip


# Attack 45: approve, then change what was approved


def test_45_a_changed_answer_voids_what_was_said_and_everybody_is_asked_about_the_new_plan(cast: str) -> None:
    """Guard: revisions.change ends the round; the vote keeps the digest of what it was about."""
    _, number = asked()
    with unit_of_work("helena") as uow:
        requests.decide(uow, number, Choice.APPROVE)
    about = subject_of(number)
    changed(number)
    with unit_of_work(SYSTEM) as uow:
        fulfilment.store_plan(uow, number, PLAN)
    with database.sessions()() as session:
        rounds = session.execute(select(ApprovalRound.state, ApprovalRound.subject_hash).order_by(ApprovalRound.number)).all()
        assert session.scalars(select(Vote.subject_hash)).all() == [about]
    assert [state for state, _ in rounds] == ["void", "open"]
    assert rounds[1][1] != about
    with unit_of_work("igor") as uow:
        assert requests.decide(uow, number, Choice.APPROVE).state == "awaiting_approval"  # helena's word was about other answers


def test_45_what_was_approved_cannot_be_changed(cast: str) -> None:
    """Guard: revisions.change takes only what is not decided."""
    _, number = asked()
    approve_all(number)
    with pytest.raises(ActionNotAllowed):
        changed(number)


def test_45_a_vote_about_what_is_no_longer_asked_is_refused(cast: str, application: Flask) -> None:
    """Guard: approvals.vote compares what was on the screen with what the round is about."""
    _, number = asked()
    shown = subject_of(number)
    changed(number)
    with unit_of_work(SYSTEM) as uow:
        fulfilment.store_plan(uow, number, PLAN)
    helena = browser_of(application, "helena")
    assert send(helena, f"/approvals/{number}", choice="approve", subject=shown).status_code == 409
    done = send(helena, "/approvals/equal", one=f"{number}:{shown}")
    assert "no longer what you saw" in done.text
    assert votes() == []


def test_45_the_database_refuses_a_vote_about_something_else(cast: str) -> None:
    """Guard: the trigger vote_guard compares the digests."""
    asked()
    with database.sessions()() as session, pytest.raises(DBAPIError, match="about something else"):
        session.execute(text(
            "insert into votes (seat_id, round_id, voter_id, choice, subject_hash, at) "
            "select id, round_id, person_id, 'approve', 'other', desk_now() from seats limit 1"))  # fmt: skip


def test_45_the_cost_follows_the_answers_that_are_approved(cast: str) -> None:
    """Guard: requests.answer. An order cannot be made cheap and then be made dear."""
    choice = """
[[fields]]
name = "size"
label = "Size"
label_pt = "Tamanho"
kind = "choice"
required = true
[[fields.choices]]
value = "small"
label = "Small"
label_pt = "Pequeno"
cost = "10.00"
[[fields.choices]]
value = "large"
label = "Large"
label_pt = "Grande"
cost = "9000.00"
"""
    item = offered(choice + MANAGER, COSTLY.format("0.00"))
    with unit_of_work("ana") as uow:
        number = requests.submit(uow, Order("k" * 20, [Line(item.slug, item.hash, {"why": "work", "size": "small"})])).items[0].number
    with unit_of_work("ana") as uow:
        assert revisions.change(uow, number, {"why": "work", "size": "large"}).cost == Decimal("9000.00")


# Attack 46: steps out of order


def test_46_whatever_is_done_out_of_order_is_refused(cast: str, application: Flask) -> None:
    """Guard: MOVES, and the round's end."""
    _, number = asked()
    approve_all(number)
    assert refused("helena", number)
    for act in (lambda uow: fulfilment.retry(uow, number), lambda uow: fulfilment.resume(uow, number),
                lambda uow: fulfilment.compensate(uow, number, "x"), lambda uow: revisions.resubmit(uow, number, {"group": "crm-users"}, "k" * 20)):  # fmt: skip
        with pytest.raises((ActionNotAllowed, Forbidden, NotFound)), unit_of_work(SYSTEM) as uow:
            act(uow)
    helena = browser_of(application, "helena")
    for path in (f"/approvals/{number}", f"/approvals/{number}/ask", f"/approvals/{number}/hand-over"):
        assert send(helena, path, choice="reject", comment="late", body="late?", person="zeca").status_code in {409, 422}
    with unit_of_work(SYSTEM) as uow:
        assert uow.get(Item, number, lock=False).state == "approved"


def test_46_no_step_is_taken_from_a_state_that_does_not_lead_there(cast: str) -> None:
    """Guard: MOVES in records.move. Every kind of record, every action, every state that the table does not name."""
    tried = 0
    with unit_of_work(SYSTEM) as uow:
        for kind, states in STATES.items():
            record = Record(number="X", kind=kind, title="X")
            for action, state in product(Action, states):
                if target(kind, action, state) is None:
                    vars(record)["state"] = state  # as it was loaded
                    with pytest.raises(Forbidden if action is Action.REPLAY else ActionNotAllowed):
                        records.move(uow, record, action)
                    assert record.state == state
                    tried += 1
    assert tried > 500


# Attack 47: many small orders


def test_47_twenty_orders_at_once_stay_within_the_sum(cast: str) -> None:
    """Guard: spending.take decides in one statement; the table's check is the last word."""
    item = offered(MANAGER, "empowerment = true\n" + COSTLY.format("90.00"))
    with ThreadPoolExecutor(10) as pool:
        numbers = list(pool.map(lambda key: ordered(item, "bo", f"split-{key}"), range(20)))
    with database.sessions()() as session:
        states = session.scalars(select(Item.state).where(Item.number.in_(numbers))).all()
        assert session.scalars(select(Spending.spent)).one() == Decimal("270.00")
        assert session.scalar(select(func.count()).select_from(Event).where(Event.name == "item.empower")) == 3
    assert (states.count("approved"), states.count("awaiting_approval")) == (3, 17)


def test_47_the_table_itself_refuses_more_than_the_limit(cast: str) -> None:
    """Guard: the check constraint of `spending`."""
    ordered(offered(MANAGER, "empowerment = true\n" + COSTLY.format("90.00")), "bo")
    with database.sessions()() as session, pytest.raises(DBAPIError, match="within_limit"):
        session.execute(text('update spending set spent = "limit" + 1'))


def test_47_what_people_approved_is_not_let_through_by_a_limit_when_it_drifts(cast: str) -> None:
    """Guard: asking._fits_a_limit. Asked because the month was spent; drifting in the next month asks again."""
    item = offered(MANAGER, "empowerment = true\n" + COSTLY.format("200.00"))
    ordered(item, "bo", "first-000000000001")
    number = ordered(item, "bo", "second-00000000001")
    with unit_of_work("rui") as uow:
        assert requests.decide(uow, number, Choice.APPROVE).state == "approved"
    with database.sessions().begin() as session:
        session.execute(text("update spending set spent = 0"))
    with unit_of_work(SYSTEM) as uow:
        assert fulfilment.store_plan(uow, number, {"step-9": {"words": "other", "changes": []}}, drift=True).state == "awaiting_approval"
