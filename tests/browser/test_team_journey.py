"""What the fulfilment team comes for, in a real browser: take, hold, go on and finish; mend what failed, or give it up."""

from typing import Final

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from app import database
from app.models.people import Team
from app.models.requests import Item, Step
from app.rules.approvals import Choice
from app.services import fulfilment, requests, tasks
from app.unit_of_work import SYSTEM, unit_of_work
from tests.browser.conftest import DESK, PHONE, opened
from tests.browser.test_journeys import enter, sound
from tests.services.test_requests import state
from tests.signing import give_passwords
from tests.web.pages import asked

pytestmark = pytest.mark.browser
WORDS: Final = {
    "en": {
        "take": "Take it", "yours": "TSK0000001 is yours now.", "hold": "Put on hold", "vendor": "A supplier", "what": "What exactly?",
        "held": "RIT0000001 is on hold.", "tag": "On hold", "on": "Go on", "goes": "RIT0000001 goes on.", "close": "Close the task",
        "why": "There is no finance-ro, or you may not see it.", "retry": "Retry", "again": "RIT0000001 is being tried again.",
        "up": "Give up", "undo": "Give up and undo", "reason": "Why?", "given": "RIT0000001 is given up; what was done is being undone.",
    },
    "pt": {
        "take": "Assumir", "yours": "TSK0000001 agora está com você.", "hold": "Colocar em espera", "vendor": "Um fornecedor", "what": "O que exatamente?",
        "held": "RIT0000001 está em espera.", "tag": "Em espera", "on": "Continuar", "goes": "RIT0000001 continua.", "close": "Encerrar a tarefa",
        "why": "Não existe finance-ro, ou você não pode ver.", "retry": "Tentar de novo", "again": "RIT0000001 está sendo tentado de novo.",
        "up": "Desistir", "undo": "Desistir e desfazer", "reason": "Por quê?", "given": "Desistimos de RIT0000001; o que foi feito está sendo desfeito.",
    },
}  # fmt: skip
EACH_READER = pytest.mark.parametrize(("language", "size", "script"), [("en", DESK, True), ("pt", PHONE, True), ("pt", DESK, False)])


def being_done() -> str:
    """An item that was approved and is being carried out, its first step under way."""
    _, number = asked()
    for login in ("helena", "igor"):
        with unit_of_work(login) as uow:
            requests.decide(uow, number, Choice.APPROVE)
    with unit_of_work(SYSTEM) as uow:
        fulfilment.begin(uow, number)
        fulfilment.ready_steps(uow, number)
    return number


def fails(number: str) -> None:
    """Its automatic step has failed for good."""
    with database.sessions().begin() as session:
        step = session.scalars(select(Step).where(Step.key == "step-1")).one()
        step.state, step.attempt, step.error = "failed", 5, "The directory said no."
        step.result = {"error": ["There is no %(what)s, or you may not see it.", {"what": "finance-ro"}]}
    with unit_of_work(SYSTEM) as uow:
        fulfilment.advance(uow, number)


@EACH_READER
def test_the_team_takes_holds_goes_on_and_finishes(
    cast: str, chromium: Browser, address: str, language: str, size: tuple[int, int], script: bool
) -> None:
    give_passwords("bo")
    item, words = being_done(), WORDS[language]
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


@EACH_READER
def test_the_team_tries_a_failed_step_again_and_gives_it_up_when_that_is_no_use(
    cast: str, chromium: Browser, address: str, language: str, size: tuple[int, int], script: bool
) -> None:
    give_passwords("bo")
    item, words = being_done(), WORDS[language]
    fails(item)
    with opened(chromium, address, language=language, size=size, script=script) as context:
        page = enter(context, address, "bo", language)
        look = sound if script else lambda page: expect(page.locator("h1")).to_have_count(1)
        page.goto(f"{address}/stuck/")
        expect(page.locator("main")).to_contain_text(words["why"])
        look(page)
        page.locator("main").get_by_role("button", name=words["retry"]).first.click()
        expect(page.locator("#toasts")).to_contain_text(words["again"])
        assert state(item) == "fulfilling"
        fails(item)
        page.goto(f"{address}/requests/REQ0000001")
        expect(page.locator("main")).to_contain_text(words["why"])
        page.locator("summary", has_text=words["up"]).click()
        page.locator("details[open]").get_by_label(words["reason"]).fill("The group is gone.")
        look(page)
        page.get_by_role("button", name=words["undo"]).click()
        expect(page.locator("#toasts")).to_contain_text(words["given"])
        look(page)
        assert state(item) == "compensating"
