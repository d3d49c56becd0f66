"""An analyst at the keyboard: takes, answers and resolves what is known in six keystrokes from the queue on; a caller confirms on a phone."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import PHONE, opened
from tests.browser.test_journeys import enter, sound
from tests.services.incidents_scene import brought, found, reported
from tests.signing import give_passwords

pytestmark = pytest.mark.browser


def test_six_keystrokes_take_answer_and_resolve_and_the_caller_confirms(cast: str, chromium: Browser, address: str) -> None:
    give_passwords("bo", "ana")
    brought("resolved", title="VPN does not connect at all")
    number = reported("VPN does not connect", description="Says **timeout**, like INC0000001.", category="network/vpn", fields={"place": "home"})
    with opened(chromium, address) as context:
        page = enter(context, address, "bo")
        page.goto(f"{address}/incidents/{number}")
        page.keyboard.press("n")
        expect(page.locator("#note-body")).to_be_focused()
        expect(page.locator("#reply-body")).to_be_hidden()
        sound(page)
        page.keyboard.type("Half a thou")
        page.keyboard.press("Control+b")
        page.keyboard.type("ght")
        expect(page.locator("#note-form [data-kept]")).to_be_visible()
        page.get_by_role("button", name="Preview").press("Enter")
        expect(page.locator("#note-body-preview strong")).to_have_text("ght")
        sound(page)
        page.reload()
        expect(page.locator("#note-body")).to_have_value("Half a thou**ght**")

        strokes: list[str] = []

        def press(key: str) -> None:
            strokes.append(key)
            page.keyboard.press(key)

        page.goto(f"{address}/incidents/?show=open")  # from the queue on, with nothing but these
        press("j")
        press("Enter")
        expect(page.locator("#incident-standing")).to_contain_text("New")
        sound(page)
        press("a")
        expect(page.locator("#incident-standing")).to_contain_text("In progress")
        expect(page.locator("#toasts kbd")).to_have_text("z")
        press("r")
        expect(page.locator("#reply-body")).to_be_focused()
        page.keyboard.type(":w")  # the text
        expect(page.locator(".box-list [aria-selected=true]")).to_have_text("It should work again")
        press("Enter")
        expect(page.locator("#reply-body")).to_have_value(re.compile("should work again"))
        press("Control+Shift+Enter")
        expect(page.locator("#incident-standing")).to_contain_text("Resolved")
        assert len(strokes) <= 6, strokes
        page.keyboard.press("z")
        expect(page.locator("#reply-body")).to_be_focused()
        expect(page.locator("#reply-body")).to_have_value(re.compile("should work again"))
        page.keyboard.press("Control+Shift+Enter")
        expect(page.locator("#incident-standing")).to_contain_text("Resolved")
    assert found(number).state == "resolved"
    with opened(chromium, address, language="pt", size=PHONE, theme="dark") as context:
        page = enter(context, address, "ana", "pt")
        page.goto(f"{address}/incidents/{number}")
        sound(page)
        page.get_by_role("button", name="Sim, funciona").click()
        expect(page.locator("#incident-standing")).to_contain_text("Concluído")
