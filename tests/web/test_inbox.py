"""The inbox as a page: the bell, what is there, and what one chooses to be told."""

from typing import Any

from flask import Flask
from sqlalchemy import select

from app import database
from app.models.people import Person
from app.models.sla import Notice
from tests.services.incidents_scene import do, reported
from tests.services.test_inbox import unread, write
from tests.web.pages import browser_of, send


def newest() -> Notice:
    with database.sessions()() as session:
        return session.scalars(select(Notice).order_by(Notice.id.desc())).first() or Notice()


def test_the_bell_counts_and_the_page_of_a_record_reads_what_was_said_of_it(cast: str, application: Flask) -> None:
    number, other = reported(), reported("The printer is dark")
    for each in (number, other):
        do(each, "take")
        write(each, "ana", "**Still** nothing: <script>alert(1)</script>")
    bo = browser_of(application, "bo")
    page = bo.get("/inbox").text
    assert f"Ana Lima wrote on {number}: VPN does not connect" in page
    assert "&lt;script&gt;" in page
    assert 'class="count count-due">2</span>' in bo.get("/inbox/bell").text
    assert 'class="count count-due">1</span>' in bo.get(f"/incidents/{number}").text  # this one is read now, and counted so
    assert unread("bo") == 1
    send(bo, "/inbox/read")
    assert unread("bo") == 0
    assert "count-due" not in bo.get("/inbox/bell").text


def test_a_message_is_put_off_taken_back_and_done_without_script(cast: str, application: Flask) -> None:
    number = reported()
    do(number, "take")
    write(number, "ana", "Still nothing.")
    bo, notice = browser_of(application, "bo"), newest().id
    for act, where in (("monday", "/inbox?show=later"), ("back", "/inbox"), ("unread", "/inbox"), ("done", "/inbox?show=done")):
        assert send(bo, f"/inbox/{notice}", act=act).status_code == 303
        assert f"wrote on {number}" in bo.get(where).text
    assert "Nothing new" in bo.get("/inbox").text
    assert send(bo, f"/inbox/{notice}", act="eat").status_code == 404
    caro = browser_of(application, "caro")
    assert send(caro, f"/inbox/{notice}", act="back").status_code == 404
    assert newest().done_at is not None


def test_one_chooses_what_to_be_told_and_when_mail_waits(cast: str, application: Flask) -> None:
    bo = browser_of(application, "bo")
    ways: dict[str, Any] = dict.fromkeys(("answers", "own", "decisions", "given", "clocks", "majors"), "both") | {"team": "mail"}
    assert send(bo, "/account/news", **ways | {"answers": "inbox", "is_quiet": "y", "quiet_from": "21:00", "quiet_until": "06:30"}).status_code == 303
    with database.sessions()() as session:
        kept = session.scalars(select(Person.news).where(Person.login == "bo")).one()
    assert kept == {"ways": {"answers": "inbox"}, "quiet": {"from": "21:00", "until": "06:30", "weekends": False}}
    page = bo.get("/account").text
    assert 'value="21:00"' in page
    assert '<option selected value="inbox">' in page
    refused = send(bo, "/account/news", **ways | {"is_quiet": "y", "quiet_from": "late", "quiet_until": "06:30"})
    assert (refused.status_code, "such as 20:00" in refused.text) == (422, True)
