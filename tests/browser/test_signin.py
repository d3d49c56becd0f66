"""Signing in and the own account in a real browser: every size and language, without script, nothing for axe to find."""

import os
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.services import people
from app.unit_of_work import SYSTEM, unit_of_work
from tests.browser.conftest import DESK, PHONE, axe, opened, width_overflow
from tests.signing import PASSWORD, WRONG, account

pytestmark = pytest.mark.browser
# A folder for pictures of each page, when somebody wants to look at them.
PICTURES = os.environ.get("BALCAO_TEST_PICTURES", "")


def come_in(page: Page, address: str, password: str = PASSWORD) -> None:
    page.goto(f"{address}/sign-in")
    page.locator("input[name=login]").fill("zoe")
    page.locator("input[name=password]").fill(password)
    page.locator("input[name=password]").press("Enter")


def looked_at(page: Page, name: str) -> None:
    """Check a page as a whole: nothing for axe, nothing beyond the edge."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
    assert axe(page) == [], name
    assert width_overflow(page) == 0, name


@pytest.mark.parametrize(("language", "theme", "size"), [("en", "light", DESK), ("pt", "dark", PHONE)])
def test_every_page_of_signing_in_is_right_in_both_languages(db: str, chromium: Browser, address: str, language: str, theme: str, size: tuple[int, int]) -> None:
    with unit_of_work(SYSTEM) as uow:
        setup = people.first_administrator_link(uow)
    account("zoe", "analyst")
    with opened(chromium, address, language=language, theme=theme, size=size) as context:
        page = context.new_page()
        for name, path in (("sign-in", "/sign-in"), ("forgotten", "/password"), ("gone", "/password/x"), ("setup", str(setup))):
            page.goto(address + path)
            looked_at(page, f"{name}-{language}")
        come_in(page, address, WRONG)
        looked_at(page, f"refused-{language}")
        come_in(page, address)
        page.wait_for_url(f"{address}/")
        for name, path in (("account", "/account"), ("password", "/account/password"), ("second-step", "/account/second-factor")):
            page.goto(address + path)
            looked_at(page, f"{name}-{language}")
        words = {"en": "Time zone", "pt": "Fuso horário"}[language]
        page.goto(f"{address}/account")
        expect(page.get_by_label(words)).to_be_visible()
        page.goto(f"{address}/account/second-factor")
        page.locator("input[name=current_password]").fill(PASSWORD)
        page.locator("button[value=set]").click()
        looked_at(page, f"device-{language}")


def test_signing_in_and_out_without_script_and_with_the_keyboard(db: str, chromium: Browser, address: str) -> None:
    account("zoe")
    for script, size in product((False, True), (PHONE,)):
        with opened(chromium, address, size=size, script=script) as context:
            page = context.new_page()
            page.goto(f"{address}/account")
            assert "/sign-in?next=" in page.url
            expect(page.locator("input[name=login]")).to_be_focused()
            page.keyboard.type("zoe")
            page.keyboard.press("Tab")
            page.keyboard.type(PASSWORD)
            page.keyboard.press("Enter")
            expect(page.get_by_role("heading", level=1)).to_have_text("My account and security")
            page.locator(".topbar-end summary").last.click()
            page.get_by_role("button", name="Sign out").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
            expect(page.locator("#toasts")).to_contain_text("You are signed out.")


def test_a_chosen_theme_stays_with_the_person(db: str, chromium: Browser, address: str) -> None:
    account("zoe")
    with opened(chromium, address) as context:
        page = context.new_page()
        come_in(page, address)
        page.goto(f"{address}/account")
        page.get_by_label("Dark").check()
        page.get_by_role("button", name="Save preferences").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    with opened(chromium, address) as context:
        page = context.new_page()
        come_in(page, address)
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
