"""What stands on a page is said in the reader's language, and what is done is not in the way."""

import pytest
from flask import Flask

from app.language import translate
from app.models.requests import Item
from app.rules.errors import ActionNotAllowed
from app.rules.lifecycle import STATE_WORDS, STATES, Action
from app.services import accounts, records
from app.unit_of_work import SYSTEM, unit_of_work
from tests.web.pages import asked, browser_of


def test_a_service_is_named_in_the_readers_language_also_where_somebody_else_ordered_it(cast: str, application: Flask) -> None:
    asked()  # by ana, who reads English
    with unit_of_work("ana") as uow:
        accounts.prefer(uow, language="pt")
    ana = browser_of(application, "ana")
    for page in ("/", "/requests/", "/requests/REQ0000001", "/search?q=access"):
        shown = ana.get(page, headers={"Accept-Language": "pt-BR"}).text
        assert "Acesso a um grupo compartilhado" in shown
        assert "Access to a shared group" not in shown.split("<main")[1], page


def test_what_is_done_and_only_looked_at_again_is_no_longer_open(cast: str, application: Flask) -> None:
    _, number = asked()
    ana = browser_of(application, "ana")
    assert "REQ0000001" in ana.get("/requests/").text
    with unit_of_work(SYSTEM) as uow:
        item = uow.get(Item, number)
        for action in (Action.APPROVE, Action.START, Action.FULFIL):
            records.move(uow, item, action, consequence=True)
    assert "REQ0000001" not in ana.get("/requests/").text
    assert "REQ0000001" in ana.get("/requests/?show=all").text


def test_a_refusal_names_the_state_in_the_readers_language(cast: str) -> None:
    _, number = asked()
    with pytest.raises(ActionNotAllowed) as refused, unit_of_work(SYSTEM) as uow:
        records.move(uow, uow.get(Item, number), Action.RESUME)
    assert translate(refused.value.text, "pt") == f"{number} está em “esperando aprovação”: isto não pode ser feito agora."
    assert translate(refused.value.text, "en") == f"{number} is waiting for approval: this cannot be done now."
    assert {state for states in STATES.values() for state in states} == STATE_WORDS.keys()
    assert {translate(words, "pt") for words in STATE_WORDS.values()}.isdisjoint(str(words) for words in STATE_WORDS.values())
