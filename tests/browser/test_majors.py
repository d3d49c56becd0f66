"""A major incident in a real browser: its manager accepts, tells and files it; who is affected reads it on a phone."""

import pytest
from playwright.sync_api import Browser, expect

from app.services import majors
from app.unit_of_work import unit_of_work
from tests.browser.conftest import PHONE, opened
from tests.browser.test_journeys import enter, sound
from tests.services.incidents_scene import brought, do, found, role
from tests.services.test_majors import IMPACT, WHY, row
from tests.signing import give_passwords

pytestmark = pytest.mark.browser


def test_a_manager_accepts_tells_files_and_closes_and_whom_it_affects_reads_it_on_a_phone(cast: str, chromium: Browser, address: str) -> None:
    give_passwords("caro", "ana")
    role("caro", "major_incident_manager")
    number = brought("in_progress")
    with unit_of_work("bo") as uow:
        majors.propose(uow, number, WHY, IMPACT)
    with opened(chromium, address) as context:
        page = enter(context, address, "caro")
        page.goto(f"{address}/incidents/{number}")
        page.get_by_role("link", name="Decide: major incident?").click()
        sound(page)
        page.get_by_label("Communications lead").select_option(label="Bo Andersen")
        page.get_by_label("Scribe").select_option(label="Davi Rocha")
        page.get_by_label("What everybody affected reads, in English").fill("Mail is down")
        page.get_by_label("And in Portuguese").fill("O correio parou")
        page.get_by_role("button", name="Accept it as a major incident").click()
        expect(page.locator(".update-due")).to_contain_text("Next update")
        page.locator("#words_pt").fill("O servidor parou; usem o **chat**.")
        page.get_by_role("button", name="Tell everybody affected").click()
        expect(page.locator(".updates > li")).to_have_count(1)
        sound(page)
        page.goto(f"{address}/incidents/major")
        sound(page)
        with opened(chromium, address, language="pt", size=PHONE, theme="dark") as phone:
            hers = enter(phone, address, "ana", "pt")
            expect(hers.get_by_role("group", name="O que não funciona agora")).to_contain_text("O correio parou")
            sound(hers)
            hers.get_by_role("link", name="O correio parou").click()
            expect(hers.locator(".updates strong")).to_have_text("chat")
            sound(hers)
        do(number, "resolve")
        page.goto(f"{address}/incidents/{number}/major")
        page.get_by_text("Write on").click()
        page.locator("#report").fill("# What we learned\n\nA second disk.")
        page.get_by_role("button", name="Save as the next version").click()
        expect(page.locator(".report h1, .report h2, .report h3").first).to_have_text("What we learned")
        page.get_by_role("button", name="File the report").click()
        page.get_by_role("button", name="Close the major incident").click()
        expect(page.locator("#major-standing")).to_contain_text("Closed")
        sound(page)
    assert (found(number).state, row(number).filed_at is not None) == ("closed", True)
