"""Mail over a real SMTP server: nothing lost, nothing doubled, whatever the server does (faults.md FT-11)."""

import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update

from app import database
from app.channels import email
from app.models.messages import Message
from app.models.people import Person
from app.queries import stuck
from app.rules.backoff import MAIL_TRIES
from app.services import outbox
from tests.channels.conftest import DROP, Handler, free_port, point_desk_at
from tests.channels.outgoing import make_due, queue, queue_to, rows, states


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait half a second for a server instead of ten."""
    monkeypatch.setattr(email, "TIMEOUT_SECONDS", 0.5)


def test_a_queued_message_is_sent_once(smtp: Handler) -> None:
    queue("ana")
    report = email.send_due()
    assert (report.sent, report.retried, report.dead, report.next_at) == (1, 0, 0, None)
    assert email.send_due().sent == 0
    [taken] = smtp.taken
    assert taken.recipients == ["ana@aurora.example"]
    assert taken.message["Message-ID"] == rows()[0].message_id
    assert states() == ["sent"]


def test_eight_senders_at_once_send_each_message_once(smtp: Handler) -> None:
    for number in range(120):
        queue("ana", token=f"token-{number}")
    with ThreadPoolExecutor(8) as threads:
        reports = list(threads.map(lambda _: email.send_due(), range(8)))
    assert sum(report.sent for report in reports) == 120
    counts = Counter(taken.message["Message-ID"] for taken in smtp.taken)
    assert len(counts) == 120
    assert set(counts.values()) == {1}


def test_while_no_server_is_there_nothing_is_lost_or_counted_against_the_message(
    cast: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_desk_at(monkeypatch, free_port())
    queue("ana", "bo", "caro")
    for _ in range(MAIL_TRIES + 2):
        make_due()
        report = email.send_due()
        assert (report.sent, report.dead) == (0, 0)
    assert report.next_at is not None
    assert [(row.state, row.attempt) for row in rows()] == [("queued", 0)] * 3
    assert "refused" in (rows()[0].error or "")


def test_an_outage_is_found_once_not_by_every_message(cast: str, monkeypatch: pytest.MonkeyPatch) -> None:
    point_desk_at(monkeypatch, free_port())
    for number in range(60):
        queue("ana", token=f"token-{number}")
    email.send_due()
    assert email.send_due().retried == 0  # all of them wait now, also those that no batch held


def test_a_server_that_comes_back_gets_everything(smtp: Handler, monkeypatch: pytest.MonkeyPatch) -> None:
    there = email.settings().smtp_port
    point_desk_at(monkeypatch, free_port())
    queue("ana", "bo")
    email.send_due()
    point_desk_at(monkeypatch, there)
    make_due()
    assert email.send_due().sent == 2
    assert states() == ["sent", "sent"]


@pytest.fixture
def stalled() -> Iterator[int]:
    """A port that takes connections and never says a word, as a stopped process does."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        yield silent.getsockname()[1]


@pytest.mark.usefixtures("impatient", "cast")
def test_a_server_that_stalls_holds_nobody_up(monkeypatch: pytest.MonkeyPatch, stalled: int) -> None:
    point_desk_at(monkeypatch, stalled)
    queue("ana", "bo")
    assert email.send_due().retried == 2
    assert [(row.state, row.attempt) for row in rows()] == [("queued", 0)] * 2
    assert "timed out" in (rows()[0].error or "").lower()


def test_what_is_refused_for_now_goes_out_later(smtp: Handler) -> None:
    answers = iter(["451 4.7.1 greylisted, try again"])
    smtp.on_recipient = lambda address: next(answers, None)
    queue("ana")
    report = email.send_due()
    assert (report.sent, report.retried) == (0, 1)
    assert rows()[0].error == "451 4.7.1 greylisted, try again"
    assert email.send_due().sent == 0  # not yet
    make_due()
    assert email.send_due().sent == 1
    assert (rows()[0].state, rows()[0].error) == ("sent", None)


def test_one_who_is_always_refused_for_now_is_given_up_in_the_end(smtp: Handler) -> None:
    smtp.on_data = lambda address: "452 mailbox full"
    queue("ana")
    for _ in range(MAIL_TRIES):
        make_due()
        report = email.send_due()
    assert (report.dead, states()) == (1, ["dead"])
    assert rows()[0].attempt == MAIL_TRIES


def test_a_recipient_that_does_not_exist_stops_nobody_else(smtp: Handler) -> None:
    smtp.on_recipient = lambda address: "550 no such user" if address.startswith("bo@") else None
    queue("ana", "bo", "caro")
    report = email.send_due()
    assert (report.sent, report.retried, report.dead) == (2, 0, 1)
    assert sorted(states()) == ["dead", "sent", "sent"]
    with database.sessions().begin() as session:
        assert outbox.redrive(session, [row.id for row in rows() if row.state == "dead"]) == 1
    smtp.on_recipient = lambda address: None
    assert email.send_due().sent == 1


def test_a_server_that_closes_the_shop_keeps_the_rest_waiting(smtp: Handler) -> None:
    smtp.on_data = lambda address: "421 shutting down" if len(smtp.taken) == 1 else None
    queue("ana", "bo", "caro")
    report = email.send_due()
    assert (report.sent, report.retried) == (1, 2)
    assert {(row.state, row.attempt) for row in rows() if row.state == "queued"} == {("queued", 0)}


@pytest.mark.usefixtures("impatient")
def test_a_message_that_breaks_the_line_cannot_stop_the_others_for_ever(smtp: Handler) -> None:
    smtp.on_data = lambda address: DROP if address.startswith("ana@") else None
    queue("ana", "bo", "caro")
    for _ in range(MAIL_TRIES + 1):
        make_due()
        email.send_due()
    assert "closed" in (rows()[0].error or "").lower()
    assert {row.address: row.state for row in rows()} == {
        "ana@aurora.example": "dead", "bo@aurora.example": "sent", "caro@aurora.example": "sent",
    }  # fmt: skip


def test_a_sender_that_died_with_its_batch_loses_nothing(smtp: Handler) -> None:
    queue("ana", "bo")
    with database.sessions().begin() as session:
        assert len(outbox.claim(session, 10, email.LEASE_SECONDS)) == 2
    assert email.send_due().sent == 0  # the lease holds
    make_due()
    assert email.send_due().sent == 2


def test_one_that_died_between_sending_and_noting_it_sends_the_same_message_id_again(smtp: Handler) -> None:
    queue("ana")
    email.send_due()
    with database.sessions().begin() as session:
        session.execute(update(Message).values(state="queued", sent_at=None))
    make_due()
    email.send_due()
    assert len({taken.message["Message-ID"] for taken in smtp.taken}) == 1


def test_an_old_claim_cannot_put_back_what_another_sent(smtp: Handler) -> None:
    queue("ana")
    with database.sessions().begin() as session:
        old = outbox.claim(session, 10, 60)
    make_due()
    assert email.send_due().sent == 1
    with database.sessions().begin() as session:
        outbox.put_back(session, old)
        outbox.dead(session, old[0], "late")
    assert states() == ["sent"]


def test_a_disabled_account_is_not_written_to(smtp: Handler) -> None:
    queue("ana")
    with database.sessions().begin() as session:
        session.execute(update(Person).where(Person.login == "ana").values(active=False))
    assert email.send_due().dropped == 1
    assert smtp.taken == []
    assert rows()[0].error == "the account is disabled"


def test_a_question_answered_before_its_mail_went_out_is_dropped_and_is_no_failure(smtp: Handler) -> None:
    queue("ana")
    with database.sessions().begin() as session:
        session.execute(update(Message).values(params={"link_id": 4711}))  # the link was used, or never was
    report = email.send_due()
    assert (report.dropped, report.dead, states()) == (1, 0, ["dropped"])
    assert smtp.taken == []
    assert rows()[0].error == "its link no longer works"
    with database.sessions()() as session:
        assert stuck.dead_mail(session) == []


@pytest.mark.usefixtures("cast")
def test_without_a_mail_server_mail_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    point_desk_at(monkeypatch, 25, host="")
    queue("ana")
    report = email.send_due()
    assert (report.sent, report.dead, states()) == (0, 0, ["queued"])
    assert email.send_due().retried == 0


@pytest.mark.usefixtures("cast")
def test_the_console_shows_mail_instead_of_sending_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    point_desk_at(monkeypatch, 25, host="console")
    queue("ana", body="The badge is ready.")
    assert email.send_due().sent == 1
    shown = capsys.readouterr().out
    assert "ana@aurora.example" in shown
    assert "The badge is ready." in shown


def test_an_address_that_is_none_reaches_nobody(smtp: Handler) -> None:
    for address in ("", "nobody", "a@b, c@d", "x@y\r\nBcc: z@evil", "ana@aurora.example ", "<ana@aurora.example>", "@d", "a@"):
        queue_to(address)
    assert email.send_due().dead == 8
    assert smtp.taken == []
