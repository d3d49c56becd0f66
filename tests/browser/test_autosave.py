"""A form keeps itself while one types, and is there again on another device."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import PHONE, opened
from tests.browser.test_journeys import enter
from tests.signing import give_passwords

pytestmark = pytest.mark.browser


def test_what_was_typed_survives_a_closed_browser(cast: str, chromium: Browser, address: str) -> None:
    give_passwords("ana")
    with opened(chromium, address) as context:
        page = enter(context, address, "ana")
        page.goto(f"{address}/catalog/workplace/visitor")
        page.get_by_label("Who comes?").fill("Rita")
        expect(page.locator("[data-kept]")).to_be_visible()
    with opened(chromium, address, size=PHONE) as context:
        page = enter(context, address, "ana")
        page.goto(f"{address}/catalog/workplace/visitor")
        expect(page.get_by_label("Who comes?")).to_have_value("Rita")
