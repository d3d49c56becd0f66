"""The register of access: given, extended, reminded of, given back, taken away; and it never shows twice what is held once."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app import database
from app.language import translate
from app.models.access import Grant
from app.models.messages import Message
from app.models.records import Link
from app.models.requests import Item, Step
from app.queries import access as register
from app.queries import progress
from app.queries import requests as queries
from app.rules import access as rules
from app.rules.errors import ActionNotAllowed, Forbidden, NotFound, Unavailable
from app.rules.words import t
from app.services import access, extensions, fulfilment, steps
from app.settings import settings
from app.unit_of_work import SYSTEM, unit_of_work
from tests import access as acts
from tests.cast import event_names


def end_of(day: str) -> object:
    return rules.end_of(acts.day(day), settings().timezone)


def letters() -> list[str]:
    with database.sessions()() as session:
        return list(session.scalars(select(Message.template).where(Message.template.like("access%")).order_by(Message.id)))


def overdue(grant_id: int) -> None:
    """The desk's time has come to look at it."""
    with database.sessions().begin() as session:
        session.execute(update(Grant).where(Grant.id == grant_id).values(next_at=Grant.granted_at))


def over(grant_id: int) -> None:
    with database.sessions().begin() as session:
        session.execute(update(Grant).where(Grant.id == grant_id).values(ends_at=Grant.granted_at, next_at=Grant.granted_at))


def look(grant_id: int) -> bool:
    with unit_of_work(SYSTEM) as uow:
        return access.look(uow, grant_id) is not None


def test_an_order_until_a_day_gives_access_that_ends_when_the_day_is_over(cast: str) -> None:
    day = acts.in_days(60)
    found = acts.grant(acts.held(until=day))
    assert (found.state, found.ends_at) == ("open", end_of(day))
    assert found.ends_at
    assert found.next_at == found.ends_at - timedelta(days=settings().access_reminder_days)


def test_asking_again_extends_the_access_and_links_the_orders(cast: str) -> None:
    first, second = acts.in_days(30), acts.in_days(90)
    held = acts.held(until=first)
    number = acts.asked("ana", "finance-ro", second)
    with unit_of_work("ana") as uow:
        pending = register.extensions(uow.session, [uow.session.get_one(Grant, held)])
        assert pending[held].number == number
        with pytest.raises(ActionNotAllowed, match="asked already"):
            extensions.order_again(uow, held)
    acts.carried_out(acts.approved(number, "helena", "igor"))
    found = acts.grant(held)
    assert (found.state, found.ends_at, found.reminded_at) == ("open", end_of(second), None)
    with database.sessions()() as session:
        assert len(session.scalars(select(Grant)).all()) == 1
        item = session.scalars(select(Item).where(Item.number == number)).one()
        link = session.scalars(select(Link)).one()
        assert (link.source_id, link.type, found.item_id) == (item.id, "extends", item.id)
        assert register.extensions(session, [found]) == {}


def test_an_extension_asks_the_same_questions_but_not_the_day(cast: str) -> None:
    held = acts.held(until=acts.in_days(30))
    with unit_of_work("ana") as uow:
        _, slug, answers = extensions.order_again(uow, held)
    assert (slug, answers) == (acts.UNTIL.slug, {"group": "finance-ro"})


def test_there_is_nothing_to_extend_where_nothing_ends(cast: str) -> None:
    with_end, for_good = acts.held(until=acts.in_days(5)), acts.held("zeca", approvers=("rui", "igor"))
    with unit_of_work("zeca") as uow, pytest.raises(ActionNotAllowed, match="no end"):
        extensions.order_again(uow, for_good)
    with unit_of_work("zeca") as uow, pytest.raises(NotFound):
        extensions.order_again(uow, with_end)
    with unit_of_work("igor") as uow, pytest.raises(Forbidden):  # he owns the group: he sees it and holds nothing
        extensions.order_again(uow, with_end)
    with unit_of_work("ana") as uow:
        access.give_back(uow, with_end)
    with unit_of_work("ana") as uow, pytest.raises(ActionNotAllowed, match="over"):
        extensions.order_again(uow, with_end)


def test_a_shorter_order_does_not_shorten_what_was_approved(cast: str) -> None:
    long = acts.in_days(90)
    held = acts.held(until=long)
    acts.held(until=acts.in_days(10))
    assert acts.grant(held).ends_at == end_of(long)


def test_an_extension_that_is_given_up_ends_when_the_access_did(cast: str) -> None:
    first = acts.in_days(30)
    held = acts.held(until=first)
    number = acts.approved(acts.asked("ana", "finance-ro", acts.in_days(90)), "helena", "igor")
    acts.carried_out(number)
    with unit_of_work(SYSTEM) as uow:
        item = uow.get(Item, number)
        step = uow.session.scalars(select(Step).where(Step.item_id == item.id)).one()
        access.note_undone(uow, item, step)
    assert (acts.grant(held).state, acts.grant(held).ends_at) == ("open", end_of(first))


def test_what_is_undone_is_no_longer_held(cast: str) -> None:
    number = acts.approved(acts.asked("ana", "finance-ro"), "helena", "igor")
    held = acts.carried_out(number)
    with unit_of_work(SYSTEM) as uow:
        fulfilment.undone(uow, number, "join")
    assert (acts.grant(held).state, acts.grant(held).ended_why) == ("ended", "undone")


def test_the_holder_is_reminded_once_and_then_the_access_ends(cast: str) -> None:
    held = acts.held(until=acts.in_days(30))
    overdue(held)
    assert not look(held)
    assert not look(held)
    over(held)
    assert look(held)
    assert acts.grant(held).state == "ending"
    with unit_of_work(SYSTEM) as uow:
        assert access.ended(uow, held)
    assert (acts.grant(held).state, acts.grant(held).ended_why) == ("ended", "expired")
    assert letters() == ["access_ends", "access_ended"]


def test_only_the_holder_gives_back_and_nobody_else_sees_it(cast: str) -> None:
    held = acts.held(until=acts.in_days(30))
    for stranger in ("zeca", "bo", "davi"):
        with unit_of_work(stranger) as uow, pytest.raises(NotFound):
            access.give_back(uow, held)
    with unit_of_work("eva") as uow, pytest.raises(Forbidden):
        access.give_back(uow, held)
    with unit_of_work("ana") as uow:
        assert access.give_back(uow, held).state == "ending"
    assert letters() == []


def test_an_administrator_takes_access_away_with_a_reason_on_record(cast: str) -> None:
    held = acts.held(until=acts.in_days(30))
    with unit_of_work("igor") as uow, pytest.raises(Forbidden):
        access.take_away(uow, held, "I own the group")
    with unit_of_work("eva") as uow:
        access.take_away(uow, held, "She changed teams.")
    with database.sessions()() as session:
        told = register.history(session, session.get_one(Grant, held))
        assert [(event.name, name) for event, name in told] == [("grant.open", None), ("grant.ending", "Eva Castro")]
        assert told[-1][0].note
        assert told[-1][0].note.body == "She changed teams."


def test_an_end_that_does_not_work_says_why_and_can_be_tried_again(cast: str) -> None:
    held = acts.held(until=acts.in_days(30))
    with unit_of_work("ana") as uow:
        access.give_back(uow, held)
    for _ in range(5):
        overdue(held)
        assert look(held)
        with unit_of_work(SYSTEM) as uow:
            access.not_ended(uow, held, Unavailable(t("The directory does not answer.")))
    stuck = acts.grant(held)
    assert (stuck.attempt, stuck.error) == (5, {"error": ["The directory does not answer.", {}]})
    assert "grant.stuck" in event_names()
    with unit_of_work("eva") as uow:
        access.try_again(uow, held)
        assert held in access.due(uow)
    assert acts.grant(held).attempt == 0


def test_an_extension_that_comes_while_the_access_is_taken_away_wins(cast: str) -> None:
    held = acts.held(until=acts.in_days(2))
    number = acts.approved(acts.asked("ana", "finance-ro", acts.in_days(60)), "helena", "igor")
    over(held)
    assert look(held)
    acts.carried_out(number)
    with unit_of_work(SYSTEM) as uow:
        assert not access.ended(uow, held)
    assert acts.grant(held).state == "open"


def test_a_later_look_does_not_miss_what_the_desk_itself_ended(cast: str) -> None:
    number = acts.approved(acts.asked("ana", "finance-ro", acts.in_days(30)), "helena", "igor")
    held = acts.carried_out(number)
    with unit_of_work(SYSTEM) as uow:
        assert len(steps.standing(uow, number)) == 1
    with unit_of_work("ana") as uow:
        access.give_back(uow, held)
    with unit_of_work(SYSTEM) as uow:
        assert steps.standing(uow, number) == []


def test_whoever_leaves_keeps_nothing(cast: str) -> None:
    held = [acts.held(group=group, until=acts.in_days(30)) for group in ("finance-ro", "finance-rw")]
    with unit_of_work(SYSTEM) as uow:
        ana = acts.grant(held[0]).person_id
        assert [grant.id for grant in access.end_all(uow, ana, "leaver")] == held
    assert {acts.grant(each).state for each in held} == {"ending"}


@pytest.mark.parametrize(("language", "words"), [("en", "until 20 Feb 2027"), ("pt", "até 20 de fev. de 2027")])
def test_the_end_of_an_access_is_told_as_a_day_in_the_readers_language(cast: str, language: str, words: str) -> None:
    number = acts.asked("ana", "finance-ro", "2027-02-20")
    with unit_of_work("ana") as uow:
        whole = queries.whole(uow.session, uow.actor, uow.get(Item, number, lock=False).request.number)
        [told] = progress.of(uow.session, whole, language)
        assert words in translate(told.does[0], language)
