"""The frame and every part of the design system, in a real browser: themes, languages, sizes, keyboard, no script."""

from itertools import product

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import DESK, PHONE, axe, opened, width_overflow

pytestmark = pytest.mark.browser
PATHS = ("/styleguide/", "/styleguide/workspace", "/no-such-page")


@pytest.mark.parametrize(("theme", "language", "size"), list(product(("light", "dark"), ("en", "pt"), (DESK, PHONE))))
def test_axe_finds_nothing_and_nothing_overflows(chromium: Browser, address: str, theme: str, language: str, size: tuple[int, int]) -> None:
    with opened(chromium, address, theme=theme, language=language, size=size) as context:
        page = context.new_page()
        for path in PATHS:
            page.goto(address + path)
            assert axe(page) == [], path
            assert width_overflow(page) == 0, path


def test_the_smallest_phone_shows_everything(chromium: Browser, address: str) -> None:
    with opened(chromium, address, size=(320, 568), language="pt") as context:
        page = context.new_page()
        for path in PATHS:
            page.goto(address + path)
            assert width_overflow(page) == 0, path


def test_theme_and_language_change_without_script(chromium: Browser, address: str) -> None:
    with opened(chromium, address, script=False) as context:
        page = context.new_page()
        page.goto(f"{address}/styleguide/workspace")
        page.get_by_title("Me and my settings").click()
        page.get_by_role("button", name="Dark").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.get_by_title("Me and my settings").click()
        page.get_by_role("button", name="Português").click()
        expect(page.locator("html")).to_have_attribute("lang", "pt-BR")
        assert page.url == f"{address}/styleguide/workspace"


def test_the_keyboard_reaches_the_content_first(chromium: Browser, address: str) -> None:
    with opened(chromium, address) as context:
        page = context.new_page()
        page.goto(f"{address}/styleguide/")
        page.keyboard.press("Tab")
        skip = page.get_by_role("link", name="Skip to content")
        expect(skip).to_be_focused()
        expect(skip).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()


def test_a_menu_opens_walks_and_closes_by_keyboard(chromium: Browser, address: str) -> None:
    with opened(chromium, address) as context:
        page = context.new_page()
        page.goto(f"{address}/styleguide/")
        summary = page.locator("summary", has_text="More").first
        summary.focus()
        page.keyboard.press("Enter")
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("link", name="Give to someone else")).to_be_focused()
        page.keyboard.press("Escape")
        expect(summary).to_be_focused()
        expect(page.get_by_role("link", name="Give to someone else")).to_be_hidden()


def test_a_dialog_takes_and_gives_back_the_focus(chromium: Browser, address: str) -> None:
    with opened(chromium, address) as context:
        page = context.new_page()
        page.goto(f"{address}/styleguide/")
        opener = page.get_by_role("button", name="Open a dialog")
        opener.click()
        dialog = page.get_by_role("dialog", name="Cancel this request?")
        expect(dialog).to_be_visible()
        assert axe(page) == []
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        expect(opener).to_be_focused()


def test_a_message_is_announced_and_can_be_closed(chromium: Browser, address: str) -> None:
    with opened(chromium, address) as context:
        page = context.new_page()
        page.goto(f"{address}/styleguide/")
        page.get_by_role("button", name="Show a message").click()
        toast = page.get_by_role("status").get_by_text("Sent. You will hear from us by Tuesday.")
        expect(toast).to_be_visible()
        page.get_by_role("button", name="Close message").click()
        expect(toast).to_be_hidden()


def test_tables_become_cards_on_a_phone(chromium: Browser, address: str) -> None:
    with opened(chromium, address, size=PHONE) as context:
        page = context.new_page()
        page.goto(f"{address}/styleguide/workspace")
        first, second = page.locator("tbody tr").nth(0), page.locator("tbody tr").nth(0).locator("td").nth(0)
        assert first.evaluate("row => getComputedStyle(row).display") == "grid"
        title = first.locator(".card-title")
        assert title.bounding_box()["y"] < second.bounding_box()["y"]  # type: ignore[index]  # both are drawn


def test_every_target_is_large_enough(chromium: Browser, address: str) -> None:
    with opened(chromium, address, size=PHONE) as context:
        page = context.new_page()
        page.goto(f"{address}/styleguide/")
        small = page.evaluate(
            "() => [...document.querySelectorAll('button, summary, .button, .tabs a, .choice, .bottombar a')]"
            ".filter(e => e.checkVisibility()).map(e => [e.textContent.trim(), e.getBoundingClientRect().height])"
            ".filter(([, height]) => height < 24)"
        )
        assert small == []
