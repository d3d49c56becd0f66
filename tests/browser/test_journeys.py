"""What each kind of user comes for, done in a real browser: order and follow, approve on a phone, end a task."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from app.models.people import Team
from app.models.requests import Item
from app.services import accounts, fulfilment, tasks
from app.unit_of_work import SYSTEM, unit_of_work
from tests.browser.conftest import DESK, PHONE, axe, opened, width_overflow
from tests.signing import PASSWORD, give_passwords
from tests.web.pages import PLAN, asked

pytestmark = pytest.mark.browser
WORDS = {
    "en": {"sign in": "Sign in", "order": "Access to a shared group", "group": "Which group?", "check": "Check answers", "send": "Send the request",
           "waits": "Waiting for the manager", "approve": "Approve", "none": "Nothing waits for you", "me": "Me and my settings", "own": "Português"},
    "pt": {"sign in": "Entrar", "order": "Acesso a um grupo compartilhado", "group": "Qual grupo?", "check": "Conferir respostas",
           "send": "Enviar o pedido", "waits": "Esperando o gestor", "approve": "Aprovar", "none": "Nada espera por você", "me": "Eu e minhas preferências"},
}  # fmt: skip


def enter(context: BrowserContext, address: str, login: str, language: str = "en") -> Page:
    """Sign in through the form, in the reader's language, and return the page."""
    with unit_of_work(login) as uow:
        accounts.prefer(uow, language=language, theme=next(each["value"] for each in context.cookies(address) if each["name"] == "desk_theme"))
    page = context.new_page()
    page.goto(address)
    page.locator("input[name=login]").fill(login)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main").get_by_role("button", name=WORDS[language]["sign in"]).click()
    expect(page.locator(".avatar").first).to_be_visible()
    return page


def sound(page: Page) -> None:
    """The page has no axe finding, no sideways scrolling, one main heading."""
    assert axe(page) == [], page.url
    assert width_overflow(page) == 0, page.url
    expect(page.locator("h1")).to_have_count(1)


@pytest.mark.parametrize(("language", "size", "script"), [("en", DESK, True), ("pt", PHONE, True), ("pt", DESK, False), ("en", PHONE, False)])
def test_an_employee_orders_and_follows(cast: str, chromium: Browser, address: str, language: str, size: tuple[int, int], script: bool) -> None:
    give_passwords("ana")
    words = WORDS[language]
    with opened(chromium, address, language=language, size=size, script=script) as context:
        page = enter(context, address, "ana", language)
        if script:
            sound(page)
        page.locator("main").get_by_role("link", name=words["order"]).first.click()
        page.get_by_label(words["group"]).select_option("finance-ro")
        page.get_by_role("button", name=words["check"]).click()
        expect(page.locator("main")).to_contain_text("Helena Souza")
        if script:
            sound(page)
        page.get_by_role("button", name=words["send"]).click()
        expect(page).to_have_url(re.compile(r"/requests/REQ0000001"))
        with unit_of_work(SYSTEM) as uow:
            fulfilment.store_plan(uow, "RIT0000001", PLAN)
        page.reload()
        expect(page.locator("main")).to_contain_text(words["waits"])
        expect(page.locator("main")).to_contain_text("Helena Souza")
        if script:
            sound(page)


@pytest.mark.parametrize(("language", "script"), [("en", True), ("pt", False)])
def test_a_manager_approves_on_a_phone(cast: str, chromium: Browser, address: str, language: str, script: bool) -> None:
    give_passwords("helena")
    asked()
    words = WORDS[language]
    with opened(chromium, address, language=language, size=PHONE, script=script) as context:
        page = enter(context, address, "helena", language)
        page.locator(".bottombar a[href^='/approvals']").click()
        if script:
            sound(page)
        page.locator("main").get_by_role("link", name={"en": "Access to a shared group", "pt": "Acesso a um grupo compartilhado"}[language]).first.click()
        expect(page.locator("main")).to_contain_text("Ana Lima")
        if script:
            sound(page)
        page.get_by_role("button", name=words["approve"], exact=True).click()
        expect(page.locator("main")).to_contain_text(words["none"])
        if script:
            sound(page)


def test_an_analyst_takes_and_ends_a_task(cast: str, chromium: Browser, address: str) -> None:
    give_passwords("bo")
    _, item = asked()
    with unit_of_work(SYSTEM) as uow:
        desk = uow.session.scalars(select(Team.id).where(Team.key == "service-desk")).one()
        tasks.open_for(uow, uow.get(Item, item), "Check that the folder opens", desk)
    with opened(chromium, address) as context:
        page = enter(context, address, "bo")
        page.locator(".rail, .topnav").get_by_role("link", name=re.compile("Tasks")).first.click() if page.locator(".rail").count() else page.goto(f"{address}/tasks/")
        sound(page)
        page.get_by_role("link", name="Check that the folder opens").click()
        page.get_by_role("button", name="Take it").click()
        expect(page.locator("#toasts")).to_contain_text("TSK0000001 is yours now.")
        sound(page)
        page.get_by_label("It could not be done").check()
        page.get_by_role("button", name="Close the task").click()
        summary = page.get_by_role("alert")
        expect(summary).to_be_focused()
        assert page.title().startswith("Error: ")
        summary.get_by_role("link").click()
        expect(page.get_by_label("Note", exact=False).first).to_be_focused()
        page.get_by_role("radio", name="Done", exact=True).check()
        page.get_by_role("button", name="Close the task").click()
        expect(page.locator("main")).to_contain_text("No open task here")


def test_an_administrator_manages_people(cast: str, chromium: Browser, address: str) -> None:
    give_passwords("eva")
    with opened(chromium, address, theme="dark") as context:
        page = enter(context, address, "eva")
        for path in ("/people/", "/people/bo", "/people/new", "/teams/", "/teams/service-desk", "/teams/new", "/roles/", "/directory/", "/approvals/away/", "/requests/", "/catalog/", "/search?q=vpn"):
            page.goto(address + path)
            sound(page)
        page.goto(f"{address}/teams/identity")
        page.get_by_label("Add a member").fill("da")
        page.get_by_role("option", name=re.compile("Davi Rocha")).click()
        expect(page.get_by_label("Add a member")).to_have_value("davi")
        sound(page)
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.locator("main")).to_contain_text("Davi Rocha")


def test_search_suggests_and_the_palette_jumps(cast: str, chromium: Browser, address: str) -> None:
    give_passwords("ana")
    asked()
    with opened(chromium, address) as context:
        page = enter(context, address, "ana")
        page.keyboard.press("/")
        page.keyboard.type("shar")
        suggestion = page.locator(".suggest-list").get_by_role("link", name="Access to a shared group").first
        expect(suggestion).to_be_visible()
        sound(page)
        page.keyboard.press("ArrowDown")
        expect(suggestion).to_be_focused()
        page.keyboard.press("Escape")
        expect(suggestion).to_be_hidden()
        page.keyboard.press("Control+k")
        page.get_by_role("combobox", name="Go to").fill("req1")
        expect(page.get_by_role("option", name=re.compile("REQ0000001"))).to_be_visible()
        sound(page)
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("/requests/REQ0000001"))
        page.locator("main").click()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
