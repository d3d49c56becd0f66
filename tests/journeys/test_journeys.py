"""One story for each kind of user, on the real demonstration: nothing here is simulated, not even the waiting."""

import re
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import DESK, PHONE
from tests.journeys.demonstration import Demonstration
from tests.journeys.visitor import SLOW, Visitor, visit
from tests.journeys.words import WORDS

pytestmark = [pytest.mark.browser, pytest.mark.engine]
LIVE = 15  # seconds: within five on a machine that does nothing else
REASON = "To check the entries of the month"


@pytest.mark.parametrize(
    ("language", "keys", "group"),
    [pytest.param("pt", False, "finance-ro", id="pt-pointer"), pytest.param("en", True, "crm-users", id="en-keyboard", marks=pytest.mark.slow)],
)
def test_access_is_ordered_approved_carried_out_and_followed(
    demo: Demonstration, chromium: Browser, language: str, keys: bool, group: str
) -> None:
    """Ana orders and watches the page, her manager approves on a phone, the owner at a desk, Prefect does it."""
    words, owner = WORDS[language], {"finance-ro": "igor", "crm-users": "marta"}[group]
    with visit(chromium, demo, "ana", language, keys=keys) as ana:
        ana.look(words["home"])
        find_the_service(ana)
        ana.look(words["service"])
        answer_wrongly(ana)
        ana.choose(ana.main.locator("[name=answer_group]"), group)
        if not keys:  # in which order digits make a date is the browser's own affair
            ana.main.locator("[name=answer_until]").fill((datetime.now(UTC) + timedelta(days=30)).date().isoformat())
        number = check_and_send(ana, "Helena Souza", {"igor": "Igor Nunes", "marta": "Marta Figueiredo"}[owner])
        expect(ana.main).to_contain_text(words["waits manager"], timeout=SLOW)  # by itself: nobody reloads
        ana.look(words["service"])

        with visit(chromium, demo, "helena", language, size=PHONE) as helena:
            approve_on_a_phone(helena)
        expect(ana.main).to_contain_text(words["waits owner"], timeout=SLOW)
        assert demo.members_added(group) == []

        with visit(chromium, demo, owner, language, keys=keys) as approver:
            decide(approver, words["service"], words["approve"])
            expect(approver.main).to_contain_text(words["nothing"])

        expect(ana.main).to_contain_text(words["checking"], timeout=SLOW)
        assert demo.members_added(group) == ["uid=ana,ou=people,dc=aurora,dc=example"]
        expect(ana.page.locator(".page-head")).to_contain_text(words["done"])
        ana.look(words["service"])
    demo.until(partial(has_mail, demo, "ana", number, words["approved mail"]))
    for login in ("helena", owner):  # it leads to their own seat and names what is asked for
        demo.until(partial(is_asked, demo, login, number.replace("REQ", "RIT")))


def is_asked(demo: Demonstration, login: str, item: str) -> bool:
    """Say whether a mail about this item has a link to decide by, in whatever language its reader has."""
    return any("/decide/" in text and item in text for _, text in demo.mails(login))


def has_mail(demo: Demonstration, login: str, number: str, title: str) -> bool:
    """Say whether a mail about this request has arrived, of this title."""
    item = number.replace("REQ", "RIT")  # one item a request here, so both have the same digits
    return any((number in text or item in text) and title in subject for subject, text in demo.mails(login))


def find_the_service(ana: Visitor) -> None:
    """Search as one would, look at what is found, and open it."""
    ana.type(ana.page.locator("#home-search"), WORDS[ana.language]["search"])
    expect(ana.page.locator(".suggest-list")).to_contain_text(WORDS[ana.language]["service"])
    ana.page.keyboard.press("Enter")
    expect(ana.page).to_have_url(re.compile("/search"))
    ana.look()
    ana.press(ana.main.locator("a.tile", has_text=WORDS[ana.language]["service"]))


def answer_wrongly(ana: Visitor) -> None:
    """Leave the one answer out that is needed: told so on top, at the question and in the title; the rest stays."""
    words = WORDS[ana.language]
    ana.type(ana.main.locator("[name=answer_reason]"), REASON)
    ana.press(ana.main.get_by_role("button", name=words["check"]))
    summary = ana.page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text(f"{words['question']} {words['wrong']}")
    assert ana.page.title().startswith(words["error"])
    ana.look(words["service"])
    ana.press(summary.get_by_role("link").first)
    expect(ana.main.locator("[name=answer_group]")).to_be_focused()
    expect(ana.main.locator(".field-error")).to_contain_text(words["wrong"])
    expect(ana.main.locator("[name=answer_reason]")).to_have_value(REASON)


def check_and_send(ana: Visitor, *asked: str) -> str:
    """See the promised date and who will be asked, then send; the request's number."""
    words = WORDS[ana.language]
    ana.press(ana.main.get_by_role("button", name=words["check"]))
    ana.look(words["checked"])
    expect(ana.main.locator(".promise")).to_contain_text(re.compile(words["expected"] + r".*\d\d:\d\d"))
    for text in (*asked, words["manager asked"], words["owner asked"], REASON):
        expect(ana.main).to_contain_text(text)
    assert not re.search(r"\d{4}-\d\d-\d\d", ana.main.inner_text()), "a date as machines write it"
    return send(ana)


def send(visitor: Visitor) -> str:
    """Send checked answers; the request's number."""
    words = WORDS[visitor.language]
    visitor.press(visitor.main.get_by_role("button", name=words["send"]))
    expect(visitor.main).to_contain_text(words["sent"])
    found = re.search(r"/requests/(REQ\d{7})", visitor.page.url)
    assert found, visitor.page.url
    return found[1]


def approve_on_a_phone(helena: Visitor) -> None:
    """See what waits, read what would happen, and agree."""
    words = WORDS[helena.language]
    helena.look(words["home"])
    helena.press(helena.page.locator(".bottombar a[href^='/approvals']"))
    helena.look()
    helena.press(helena.main.locator("a.row-link", has_text=words["service"]))
    helena.look(words["service"])
    for text in ("Ana Lima", REASON):
        expect(helena.main).to_contain_text(text)
    helena.press(helena.main.get_by_role("button", name=words["approve"], exact=True))
    expect(helena.main).to_contain_text(words["nothing"])
    helena.look()


def decide(visitor: Visitor, service: str, word: str, comment: str = "") -> None:
    """Open what waits and decide about it."""
    visitor.open("/approvals/")
    visitor.press(visitor.main.locator("a.row-link", has_text=service))
    if comment:
        visitor.type(visitor.main.locator("[name=comment]"), comment)
    visitor.press(visitor.main.get_by_role("button", name=word, exact=True))


def test_without_script_one_orders_approves_refuses_and_reads_why(demo: Demonstration, chromium: Browser) -> None:
    """Tiago orders, Helena refuses: first without a reason, which is asked for, then with one; Joana's order goes on."""
    words, why = WORDS["pt"], "Use a pasta do projeto, por favor."
    with visit(chromium, demo, "tiago", "pt", script=False) as tiago, visit(chromium, demo, "helena", "pt", size=PHONE, script=False) as helena:
        numbers = []
        for group in ("wiki-editors", "payroll"):
            tiago.open("/catalog/access/shared-group")
            tiago.choose(tiago.main.locator("[name=answer_group]"), group)
            tiago.press(tiago.main.get_by_role("button", name=words["check"]))
            numbers.append(send(tiago))
            waits(tiago, words["waits manager"])
            decide(helena, words["service"], words["approve" if group == "payroll" else "reject"])
            if group == "wiki-editors":
                assert helena.page.title().startswith(words["error"])
                helena.main.locator("[name=comment]").fill(why)
                helena.press(helena.main.get_by_role("button", name=words["reject"], exact=True))
            expect(helena.main).to_contain_text(words["nothing"])
        waits(tiago, words["waits owner"])
        tiago.open(f"/requests/{numbers[0]}")
        for text in (words["refused"], words["not approved"], why):
            expect(tiago.main).to_contain_text(text)
    assert demo.members_added("wiki-editors") == []


def waits(visitor: Visitor, text: str) -> None:
    """Reload, as one does without script, until the page says it."""
    visitor.demo.until(lambda: visitor.page.reload() and text in visitor.main.inner_text())


@pytest.mark.parametrize("language", ["en", pytest.param("pt", marks=pytest.mark.slow)])
def test_an_analyst_does_a_manual_task_and_the_requester_sees_it(demo: Demonstration, chromium: Browser, language: str) -> None:
    """A laptop: the workplace team prepares it, then the service desk hands it over and writes a note to itself."""
    words = WORDS[language]
    with visit(chromium, demo, "beatriz", language) as beatriz:
        beatriz.open("/catalog/hardware/laptop")
        for answer in ("model][value=light", "docking][value=yes"):
            beatriz.main.locator(f"[name=answer_{answer}]").check()
        beatriz.main.locator("[name=answer_reason]").fill(REASON)
        beatriz.press(beatriz.main.get_by_role("button", name=words["check"]))
        send(beatriz)
        expect(beatriz.main).to_contain_text(words["waits manager"], timeout=SLOW)
        with visit(chromium, demo, "igor", language) as igor:
            decide(igor, words["laptop"], words["approve"])
        with visit(chromium, demo, "simon", language) as simon:
            end_the_task(simon)
        with visit(chromium, demo, "bo", language) as bo:
            end_the_task(bo, note="The bag is in room 12.")
        expect(beatriz.page.locator(".page-head")).to_contain_text(words["done"], timeout=SLOW)
        expect(beatriz.main).not_to_contain_text("room 12")
        beatriz.look(words["laptop"])


def end_the_task(analyst: Visitor, note: str = "") -> None:
    """Take the newest task of Beatriz's, perhaps write a note, and end it as done."""
    words, task = WORDS[analyst.language], analyst.main.locator("a.row-link", has_text="Beatriz Cardoso").first
    analyst.open("/tasks/")
    analyst.demo.until(lambda: analyst.page.reload() and task.is_visible())
    analyst.look()
    analyst.press(task)
    analyst.press(analyst.main.get_by_role("button", name=words["take"]))
    expect(analyst.page.locator("#toasts")).to_contain_text(words["yours"])
    if note:
        analyst.type(analyst.main.locator("#notes textarea#body"), note)
        analyst.press(analyst.main.get_by_role("button", name=words["save note"]))
        expect(analyst.main.locator(".said-internal")).to_contain_text(note)
    analyst.look()
    analyst.press(analyst.main.get_by_role("button", name=words["close"]))
    expect(analyst.page.locator("#toasts")).to_contain_text(words["closed"])


PLANT = """name = "A plant for the office"
name_pt = "Uma planta para o escritório"
summary = "Green, and watered for you."
summary_pt = "Verde, e regada por nós."
owner = "workplace"
target = "8h"

[[fields]]
name = "place"
label = "Where shall it stand?"
label_pt = "Onde ela deve ficar?"
kind = "text"
required = true

[[steps]]
task = "Bring the plant to {place}"
task_pt = "Levar a planta para {place}"
team = "workplace"
"""


@pytest.mark.parametrize(("language", "size"), [("pt", PHONE), pytest.param("en", DESK, marks=pytest.mark.slow)])
def test_an_author_mends_a_broken_file_and_orders_what_it_offers(demo: Demonstration, chromium: Browser, language: str, size: tuple[int, int]) -> None:
    """Sofia saves a file with a mistake, reads where it is and what to do, mends it, and finds the item live."""
    words, file = WORDS[language], demo.catalog / "workplace" / f"plant-{language}.toml"
    with visit(chromium, demo, "sofia", language, size=size) as sofia:
        file.write_text(PLANT.replace('kind = "text"', 'kind = "txet"'), "utf-8")
        fault = sofia.main.get_by_text(f"catalog/workplace/{file.name}:12")
        demo.until(lambda: sofia.open("/catalog-health/") or fault.is_visible(), LIVE)
        expect(sofia.main).to_contain_text("txet")
        sofia.look(words["catalogue"])
        file.write_text(PLANT, "utf-8")
        demo.until(lambda: sofia.open("/catalog-health/") or words["good"] in sofia.main.inner_text(), LIVE)
        sofia.look(words["catalogue"])
        sofia.press(sofia.main.locator(f"a[href='/catalog/workplace/{file.stem}']"))
        sofia.look(words["plant"])
        sofia.type(sofia.main.locator("[name=answer_place]"), "Room 12")
        sofia.press(sofia.main.get_by_role("button", name=words["check"]))
        send(sofia)
        sofia.look(words["plant"])
    file.unlink()


@pytest.mark.parametrize(("language", "who", "name"), [pytest.param("pt", "zeca", "Zeca Dias", marks=pytest.mark.slow), ("en", "vitor", "Vítor Leal")])
def test_an_administrator_disables_somebody_whose_session_ends(demo: Demonstration, chromium: Browser, language: str, who: str, name: str) -> None:
    """Eva finds the person and disables the account; the open browser is out at its next step, and stays out."""
    words = WORDS[language]
    with visit(chromium, demo, who, language) as leaver, visit(chromium, demo, "eva", language) as eva:
        for path in ("/teams/", "/roles/", "/directory/"):
            eva.open(path)
            eva.look()
        eva.open("/people/")
        eva.type(eva.page.locator("#people-search"), name)
        eva.page.keyboard.press("Enter")
        eva.look()
        eva.press(eva.main.get_by_role("link", name=name))
        eva.look(name)
        eva.press(eva.main.get_by_role("button", name=words["disable"]))
        expect(eva.page.locator("#toasts")).to_contain_text(words["disabled"])
        eva.look(name)
        leaver.open("/requests/")
        expect(leaver.page.locator("h1")).to_have_text(words["sign in"])
        leaver.look(words["sign in"])
        leaver.type(leaver.page.locator("input[name=login]"), who)
        leaver.type(leaver.page.locator("input[name=password]"), demo.password(who))
        leaver.page.keyboard.press("Enter")
        expect(leaver.page.get_by_role("alert")).to_be_visible()
