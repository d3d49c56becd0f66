"""What the fulfilment team comes for, in a real browser: take, hold, go on and finish."""

from typing import Final

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from app.models.people import Team
from app.models.requests import Item
from app.services import tasks
from app.unit_of_work import SYSTEM, unit_of_work
from tests.browser.conftest import DESK, PHONE, opened
from tests.browser.test_journeys import enter, sound
from tests.signing import give_passwords
from tests.web.pages import being_done

pytestmark = pytest.mark.browser
WORDS: Final = {
    "en": {
        "take": "Take it", "yours": "TSK0000001 is yours now.", "hold": "Put on hold", "vendor": "A supplier", "what": "What exactly?",
        "held": "RIT0000001 is on hold.", "tag": "On hold", "on": "Go on", "goes": "RIT0000001 goes on.", "close": "Close the task",
    },
    "pt": {
        "take": "Assumir", "yours": "TSK0000001 agora é sua.", "hold": "Colocar em espera", "vendor": "Um fornecedor", "what": "O que exatamente?",
        "held": "RIT0000001 está em espera.", "tag": "Em espera", "on": "Continuar", "goes": "RIT0000001 continua.", "close": "Encerrar a tarefa",
    },
}  # fmt: skip
EACH_READER = pytest.mark.parametrize(("language", "size", "script"), [("en", DESK, True), ("pt", PHONE, True), ("pt", DESK, False)])


@EACH_READER
def test_the_team_takes_holds_goes_on_and_finishes(
    cast: str, chromium: Browser, address: str, language: str, size: tuple[int, int], script: bool
) -> None:
    give_passwords("bo")
    (_, item), words = being_done(), WORDS[language]
    with unit_of_work(SYSTEM) as uow:
        team = uow.session.scalars(select(Team.id).where(Team.key == "service-desk")).one()
        task = tasks.open_for(uow, uow.get(Item, item), "Check that the folder opens", team).number
    with opened(chromium, address, language=language, size=size, script=script) as context:
        page = enter(context, address, "bo", language)
        look = sound if script else lambda page: expect(page.locator("h1")).to_have_count(1)
        page.goto(f"{address}/tasks/board")
        look(page)
        page.get_by_role("button", name=f"{words['take']}: {task}").click()
        expect(page.locator("#toasts")).to_contain_text(words["yours"])
        expect(page.locator("[aria-labelledby=b-in_progress]")).to_contain_text(task)
        page.goto(f"{address}/requests/REQ0000001")
        page.locator("summary", has_text=words["hold"]).click()
        page.get_by_label(words["vendor"]).check()
        page.get_by_label(words["what"]).fill("None are left.")
        look(page)
        page.get_by_role("button", name=words["hold"]).click()
        expect(page.locator("#toasts")).to_contain_text(words["held"])
        look(page)
        page.goto(f"{address}/tasks/board")
        expect(page.locator("[aria-labelledby=b-in_progress]")).to_contain_text(words["tag"])
        look(page)
        page.goto(f"{address}/requests/REQ0000001")
        page.get_by_role("button", name=words["on"]).click()
        expect(page.locator("#toasts")).to_contain_text(words["goes"])
        page.goto(f"{address}/tasks/{task}")
        page.get_by_role("button", name=words["close"]).click()
        page.goto(f"{address}/tasks/board")
        expect(page.locator("[aria-labelledby=b-done]")).to_contain_text(task)
