"""A team lead's morning in a real browser: who has what, a view for the team, work given by load, and a mistake taken back."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PHONE, opened
from tests.browser.test_journeys import enter, sound
from tests.cast import person_id
from tests.services.incidents_scene import brought, found, reported, role
from tests.signing import give_passwords

pytestmark = pytest.mark.browser


def rows(page: Page) -> list[str]:
    return page.locator("#queue tbody tr").evaluate_all("all => all.map(row => row.dataset.number)")  # type: ignore[no-any-return]


def test_a_lead_shares_work_out_by_load_exports_what_is_seen_and_takes_a_mistake_back(cast: str, chromium: Browser, address: str) -> None:
    give_passwords("caro")
    role("caro", "team_lead")
    new, busy = [reported(f"Printer {place} jams") for place in "ABC"], brought("in_progress", title="The screen stays dark")
    with opened(chromium, address) as context:
        page = enter(context, address, "caro")
        page.goto(f"{address}/incidents/")
        expect(page.locator(".tabs [aria-current]")).to_have_text(re.compile(r"My teams\s*4"))
        expect(page.locator(".tabs a", has_text="Nobody's yet")).to_contain_text("3")
        page.locator("summary", has_text="Save this view").click()
        page.get_by_label("Name").fill("All of ours")
        page.get_by_label("For whom?").select_option("team:service-desk")
        sound(page)
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator(".saved-view a[aria-current]")).to_have_text(re.compile(r"All of ours\s*4"))

        page.keyboard.press("j")
        page.keyboard.press(" ")
        who = page.get_by_label("Assigned to", exact=True)
        first = page.locator("#queue tbody tr").first.get_attribute("data-number") or ""
        expect(who.locator("option", has_text="Bo Andersen · 1 open")).to_have_count(1)
        who.select_option(label="Caro Mendes · 0 open")
        sound(page)
        page.locator("form", has=who).get_by_role("button", name="Change").click()
        expect(page.locator("#toasts")).to_contain_text(f"{first} was changed.")
        assert found(first).assignee_id == person_id("caro")

        page.locator("td[data-filter=assignee]", has_text="Bo Andersen").click(button="right")
        page.get_by_role("menuitem", name="Only these: Bo Andersen").click()
        expect(page.locator("#queue tbody tr")).to_have_count(1)
        assert rows(page) == [busy]
        page.locator("summary", has_text="File").click()
        with page.expect_download() as file:
            page.get_by_role("link", name="CSV").click()
        text = Path(file.value.path()).read_text("utf-8-sig")
        assert re.findall(r"INC\d+", text) == [busy]

        page.get_by_role("link", name="All of ours").click()
        for number in new:
            page.get_by_label(f"Choose {number}").check()
        page.get_by_label("What to do").select_option("assign")
        page.get_by_role("button", name="See what would happen").click()
        expect(page.locator("main")).to_contain_text("3 incidents would be changed.")
        page.locator("main [name=person]").fill("bo")
        page.get_by_role("option", name=re.compile("Bo Andersen")).click()
        sound(page)
        page.locator("main form[action$='/begin'] button.button-primary").click()
        expect(page.locator("main")).to_contain_text("until then it can be taken back")
        sound(page)
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("#toasts")).to_contain_text("Taken back")
    assert {found(number).assignee_id for number in new} == {None, person_id("caro")}
    with opened(chromium, address, language="pt", size=PHONE, theme="dark") as context:
        page = enter(context, address, "caro", "pt")
        page.goto(f"{address}/incidents/")
        page.locator(".saved-view a", has_text="All of ours").click()
        sound(page)
        page.locator("#queue").get_by_role("link", name="The screen stays dark").click()
        sound(page)
        page.locator("summary", has_text="Atribuir").first.click()
        page.locator("select[name=assignee]").select_option(label="Caro Mendes · 1 aberto")
        page.locator("form", has=page.locator("select[name=assignee]")).get_by_role("button", name="Atribuir").click()
        expect(page.locator("main")).to_contain_text("Caro Mendes")
    assert found(busy).assignee_id == person_id("caro")
