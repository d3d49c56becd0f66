"""Bad input into incidents: scripts in every field, a megabyte of pasted HTML, files that lie, thousands who watch."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import insert, select, text

from app import database
from app.models.people import Person
from app.models.records import Record
from app.models.tasks import Task
from app.practice import practice
from app.rules.errors import ActionNotAllowed, Invalid
from app.services import (
    assets,
    calls,
    conversations,
    families,
    incidents,
    known,
    major_reports,
    major_updates,
    merging,
    reporting,
    sessions,
    tags,
    views,
    watching,
)
from app.services.reporting import Report
from app.settings import settings
from app.unit_of_work import SYSTEM, unit_of_work
from tests.browser.conftest import opened, serving
from tests.cast import NOON, person_id
from tests.security.payloads import payloads
from tests.services.incidents_scene import do, found, reported
from tests.services.test_majors import accepted
from tests.web.pages import browser_of, send, token


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with serving(monkeypatch) as found_:
        yield found_


def quiet(page: Page, where: str) -> None:
    """Nothing ran, and nothing that runs came in."""
    page.wait_for_load_state("load")
    page.wait_for_timeout(150)
    assert not page.evaluate("window.__ran"), where
    foreign = page.evaluate("""() => [...document.querySelectorAll('main *')].filter(node =>
        ['SCRIPT', 'IFRAME', 'OBJECT', 'EMBED', 'BASE', 'META', 'LINK', 'STYLE', 'FRAME'].includes(node.tagName.toUpperCase())
        || [...node.attributes].some(each => /^on/i.test(each.name) || /^\\s*(javascript|vbscript|data:text)/i.test(each.value.replace(/[\\s\\u0000-\\u001f]/g, '')) && ['href', 'src', 'action', 'formaction', 'xlink:href'].includes(each.name))
    ).map(node => node.outerHTML.slice(0, 200))""")
    assert foreign == [], where


@pytest.mark.browser
def test_three_hundred_payloads_in_every_field_run_nothing_in_a_real_browser(cast: str, address: str, chromium: Browser) -> None:
    """Titles, descriptions, replies, notes, tags, reasons, answers, names of views and of services, seen by the desk and by the caller."""
    every = list(payloads())
    assert len(every) >= 300
    with unit_of_work(SYSTEM) as uow:
        assets.create(uow, "bad", " ".join(every[0].split())[:100], "service")
    number = reported("Holds all of them", description="\n\n".join(every)[:19_000], cis=("bad",))
    do(number, "take")
    with unit_of_work("bo") as uow:
        for words in every:
            conversations.reply(uow, number, words)
            conversations.note_internally(uow, number, words)
        for place, words in enumerate(every[:3]):
            views.save(uow, " ".join(words.split())[:50] + str(place), {"show": "open"})
        incidents.hold(uow, number, "caller", every[5])
    for words in every[::4]:
        with unit_of_work("ana") as uow:
            reporting.report(uow, Report(" ".join(words.split())[:200] or "x", words, category="hardware", fields={"asset": " ".join(words.split())[:40]}))
    token_ = _tokens("bo", "ana")
    with opened(chromium, address) as context:
        page = _watched(context)
        _each_is_quiet(page, address, token_, {
            "bo": (f"/incidents/{number}", f"/incidents/{number}?show=talk", "/incidents/?show=all", "/incidents/?show=open&sort=priority", f"/incidents/{number}/panel",
                   "/search?q=script", "/search?q=press", "/services/bad", "/incidents/new?title=script", f"/records/{number}/timeline"),
            "ana": (f"/incidents/{number}", "/report/mine", "/", "/search?q=onerror", "/report?title=script"),
        })  # fmt: skip
        shown = page.goto(f"{address}/incidents/{number}")
        assert shown is not None
        oldest = page.get_by_role("link", name="Older").first
        for _ in range(8):
            if not oldest.count():
                break
            oldest.click()
            quiet(page, "older talk")


@pytest.mark.slow
@pytest.mark.browser
def test_nor_what_calls_tasks_tags_splits_merges_major_incidents_and_both_versions_say(cast: str, address: str, chromium: Browser) -> None:
    """The fields that only the desk fills, and the page that gives back what a stale form said."""
    every = list(payloads())
    lines = [" ".join(words.split())[:190] for words in every]
    number = accepted(headline=lines[0][:100], headline_pt=lines[1][:100])
    other, twin = reported(lines[2] or "x"), reported("Twin")
    with unit_of_work("bo") as uow:
        for words in every[::10]:
            calls.log(uow, number, words)
            major_updates.log(uow, number, words)
        for words in lines[::30]:
            incidents.add_task(uow, number, words, "service-desk", instructions=words, mandatory=False)
        for words in lines[:20]:
            with suppress(Invalid):  # what is no tag is refused
                tags.add(uow, number, words[:40])
        major_updates.write(uow, number, "\n\n".join(every)[:3000], "\n\n".join(every[::-1])[:3000], minutes=30)
        major_reports.write(uow, number, "\n\n".join(every)[:15_000], 0)
        halves = [merging.split(uow, other, words).number for words in lines[3:8]]
        merging.merge(uow, twin, other, every[9])
    task = f"/records/{task_of(number)}"
    token_ = _tokens("bo", "ana")
    with opened(chromium, address) as context:
        page = _watched(context)
        _each_is_quiet(page, address, token_, {
            "bo": (f"/incidents/{number}", f"/incidents/{number}/major", f"/records/{number}/clocks", "/incidents/major", f"/incidents/{other}", f"/incidents/{halves[0]}", f"/incidents/{twin}", task, "/tasks/", "/"),
            "ana": (f"/incidents/{number}", f"/incidents/{number}/major", f"/incidents/{twin}", f"/incidents/{halves[0]}", "/report/mine", "/"),
        })  # fmt: skip
        _sign_in(context, address, token_["bo"])
        for words in every[::30]:
            page.goto(f"{address}/incidents/{other}")
            page.evaluate("""words => { const form = document.querySelector("form[action$='/describe']"); form.version.value = 0; form.title.value = words; form.submit(); }""", words)
            page.wait_for_selector("text=Save mine")
            quiet(page, f"both versions of {words!r}")


def task_of(number: str) -> str:
    with database.sessions()() as session:
        parent = select(Record.id).where(Record.number == number).scalar_subquery()
        return session.scalars(select(Task.number).where(Task.parent_id == parent)).first() or ""


def _each_is_quiet(page: Page, address: str, token_: Mapping[str, str], paths_of: Mapping[str, Sequence[str]]) -> None:
    """Each of these people opens each of the pages, and nothing runs."""
    for login, paths in paths_of.items():
        _sign_in(page.context, address, token_[login])
        for path in paths:
            answer = page.goto(address + path)
            assert answer is not None
            assert answer.status == 200, path
            quiet(page, f"{login} {path}")


def _tokens(*logins: str) -> dict[str, str]:
    found_ = {}
    for login in logins:
        with unit_of_work(login) as uow:
            found_[login] = sessions.begin(uow, "local", address="127.0.0.1", agent="Test")
    return found_


def _watched(context: BrowserContext) -> Page:
    page = context.new_page()
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
    return page


def _sign_in(context: BrowserContext, address: str, token_: str) -> None:
    app = Flask("signer")
    app.secret_key = settings().secret_key.get_secret_value()
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert serializer is not None
    context.add_cookies([{"name": "desk", "value": serializer.dumps({"_user_id": token_, "_fresh": True, "_permanent": True}), "url": address}])


def test_a_megabyte_of_pasted_html_is_refused_in_a_sentence_and_nothing_typed_is_lost(cast: str, application: Flask) -> None:
    number = reported()
    do(number, "take")
    bo, ana = browser_of(application, "bo"), browser_of(application, "ana")
    huge = "<table><tr><td onclick=x()>cell</td></tr></table>" * 21_000
    assert len(huge) > 1_000_000
    for client, path, fields in (
        (bo, f"/incidents/{number}/reply", {"body": huge}), (bo, f"/incidents/{number}/notes", {"body": huge}), (ana, f"/incidents/{number}/reply", {"body": huge}),
        (ana, "/report/details", {"title": "Broken", "description": huge, "urgency": "3", "submission_key": "k" * 20}),
        (bo, f"/incidents/{number}/calls", {"body": huge, "channel": "phone"}),
        (bo, "/incidents/new", {"caller": "ana", "title": "Broken", "description": huge, "impact": "3", "urgency": "3", "channel": "phone", "submission_key": "k" * 20}),
        (ana, "/report/details", {"title": huge, "urgency": "3", "submission_key": "k" * 20}),
    ):  # fmt: skip
        answer = send(client, path, **fields)
        assert answer.status_code in {413, 422}, (path, answer.status_code)
        assert "At most" in answer.text or "too large" in answer.text or "too big" in answer.text, answer.text[:2000]
    assert found(number).version >= 1


def test_what_cannot_be_stored_is_taken_out_or_refused(cast: str, application: Flask) -> None:
    bo = browser_of(application, "bo")
    number = reported()
    do(number, "take")
    assert send(bo, f"/incidents/{number}/reply", body="a\x00b").status_code == 303
    assert send(bo, f"/incidents/{number}/reply", body="\x00 \t").status_code == 422
    assert send(bo, f"/incidents/{number}/weigh", impact="9", urgency="x", note="y").status_code == 422
    assert send(bo, f"/incidents/{number}/tags", tag="<b>" * 40).status_code == 422
    with unit_of_work("bo") as uow, pytest.raises(Invalid):
        tags.add(uow, number, "x" * 4000)


@pytest.mark.parametrize(
    ("name", "content"),
    [("photo.png", b"MZ\x90\x00\x03" + b"\x00" * 400), ("note.txt", b"<html><script>window.__ran=1</script></html>"), ("picture.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='window.__ran=1'/>"),
     ("page.html", b"<script>window.__ran=1</script>"), ("../../etc/passwd", b"root"), ("x.pdf", b"\x89PNG\r\n\x1a\n")],
)  # fmt: skip
def test_a_file_that_lies_is_refused_or_harmless(cast: str, application: Flask, name: str, content: bytes) -> None:
    number = reported()
    ana = browser_of(application, "ana")
    answer = ana.post(f"/incidents/{number}/reply", data={"csrf_token": token(ana), "body": "See the file", "file": (io.BytesIO(content), name)})
    assert answer.status_code in {303, 422}, answer.text[:500]
    if answer.status_code == 422:
        assert "See the file" in answer.text
        return
    with database.sessions()() as session:
        key = session.execute(text("select key from attachments order by id desc limit 1")).scalar_one()
    sent = ana.get(f"/attachments/{key}")
    assert sent.headers["X-Content-Type-Options"] == "nosniff"
    assert sent.headers["Content-Disposition"].startswith("attachment")
    assert "/" not in sent.headers["Content-Disposition"].partition("filename")[2].replace("''", "")


def test_ten_thousand_who_watch_are_refused_in_a_sentence_and_the_page_stays_small(cast: str, application: Flask) -> None:
    number = reported()
    with database.sessions().begin() as session:
        session.execute(insert(Person), [{"login": f"crowd{count}", "name": f"Crowd {count}", "created_at": NOON, "fs_uniquifier": f"crowd{count}"} for count in range(10_000)])
        record = session.query(Record).filter(Record.number == number).one().id
        session.execute(text("insert into participants (record_id, person_id, relation) select :record, id, 'watcher' from people where login like 'crowd%' order by id limit 10000"), {"record": record})
    with unit_of_work("bo") as uow, pytest.raises(ActionNotAllowed, match="more are not possible"):
        watching.watch(uow, number)
    with unit_of_work("bo") as uow:
        child = reporting.open_for(uow, person_id("zeca"), Report("Part"), impact=3).number
    with unit_of_work("bo") as uow:
        families.adopt(uow, child, number)
    with unit_of_work("zeca") as uow, pytest.raises(ActionNotAllowed, match="stopped counting"):
        known.join(uow, number)
    page = browser_of(application, "bo").get(f"/incidents/{number}").text
    assert len(page) < 400_000
    assert page.count("Crowd ") <= 3 * practice().watchers + 20
