"""Search: words in both languages, accents and slips forgiven, facets, and nothing of what the asker may not see."""

import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from app.queries import record_search
from app.queries.record_search import Facets
from app.services import assets, conversations
from app.settings import matrix
from app.unit_of_work import SYSTEM, unit_of_work
from tests.services.incidents_scene import brought, reported, twenty_thousand
from tests.web.pages import browser_of, counted


def numbers(client: FlaskClient, address: str) -> list[str]:
    page = client.get(f"/search?q={address}").text
    return re.findall(r'href="/records/([A-Z]{3}\d{7})"', page)


def test_words_are_found_in_both_languages_without_accents_and_with_slips(cast: str, application: Flask) -> None:
    link = reported("Conexão com o servidor caiu", description="As impressoras do 3º andar pararam.", category="network/wifi")
    print_ = reported("The printers are jammed", who="zeca")
    two = [reported("Teclado quebrado", who="zeca"), reported("Teclado sem a letra ç")]
    bo, ana = browser_of(application, "bo"), browser_of(application, "ana")
    assert set(numbers(bo, "teclados")) == set(two)
    for words, found in {
        "conexao": [link], "CONEXÕES": [link], "impressora": [link], "printer": [print_], "jamming": [print_], "servidor caiu": [link],
        "cone": [link], "conexxao servidor": [link], "nothing like it": [], "!!! ((": [], "%00": [],
    }.items():  # fmt: skip
        assert numbers(bo, words) == found, words
    assert numbers(ana, "printers") == []
    assert "<mark>impressoras</mark> do 3º andar" in bo.get("/search?q=impressora").text
    assert bo.get(f"/search?q={link.lower().replace('c0000', 'c')}").status_code == 303
    with counted() as statements:
        page = bo.get("/search?q=teclado").text
    assert len(statements) <= 12, "\n".join(statements)
    assert "state=new" in page
    assert numbers(bo, "conexao&state=new&kind=incident&category=network&age=week") == [link]
    assert numbers(bo, "conexao&state=resolved") == []
    assert numbers(bo, "conexao&state=nonsense&kind=x&age=y") == [link]


def test_what_is_written_on_a_record_is_found_by_those_who_may_read_it(cast: str, application: Flask) -> None:
    number = brought("in_progress")
    with unit_of_work("bo") as uow:
        conversations.reply(uow, number, "Please restart the zeppelin.")
        conversations.note_internally(uow, number, "The quagmire again. <script>alert(1)</script>")
    bo, ana = browser_of(application, "bo"), browser_of(application, "ana")
    assert numbers(bo, "zeppelin") == numbers(ana, "zeppelin") == numbers(bo, "quagmire") == [number]
    assert numbers(ana, "quagmire") == []
    for client in (bo, ana):
        assert "quagmire again" not in client.get("/search?q=quagmire").text
    with unit_of_work(SYSTEM) as uow:
        uow.session.execute(text("update notes set erased_at = now(), body = '' where body like 'Please restart%'"))
    assert numbers(bo, "zeppelin") == []
    own = reported("Mine alone", who="bo")
    with unit_of_work("caro") as uow:
        conversations.note_internally(uow, own, "About the analyst: xylophone.")
    assert numbers(bo, "xylophone") == []  # an analyst's own record is no exception
    assert numbers(browser_of(application, "davi"), "zeppelin") == []


def test_the_palette_finds_records_people_and_services(cast: str, application: Flask) -> None:
    number = reported("Mailbox is full")
    with unit_of_work(SYSTEM) as uow:
        assets.create(uow, "mailbox-store", "Mailbox store", "server")
    def suggested(login: str, words: str) -> list[str]:
        answer = browser_of(application, login).get(f"/search/suggest?q={words}", headers={"Accept": "application/json"})
        return [entry["href"] for entry in json.loads(answer.data)["results"]]

    assert suggested("bo", "mailb") == [f"/records/{number}", "/services/mailbox-store"]
    assert suggested("ana", "mailb") == [f"/records/{number}"]
    assert "/people/zeca" in suggested("eva", "zeca")
    assert suggested("davi", "mailb") == []


def test_searching_among_many_reads_indexes_only(cast: str) -> None:
    """A word that stands everywhere and one that stands once: both are answered without reading the table."""
    twenty_thousand()
    rare = reported("Zeppelin over the roof")
    with unit_of_work("bo") as uow:
        assert [row.number for row in record_search.find(uow.session, uow.actor, "zeppelin", uow.now).rows] == [rare]
        common = record_search.find(uow.session, uow.actor, "fault", uow.now, Facets(state="new"))
        assert len(common.rows) == record_search.SHOWN
        assert common.is_capped
        for words in ("zeppelin", "fault"):
            query = record_search._fitting(matrix(), uow.actor, Facets()).params(asked=record_search._asked([words]))
            bound = str(query.compile(uow.session.get_bind(), compile_kwargs={"literal_binds": True})).replace(":", r"\:")
            plan = "\n".join(uow.session.scalars(text(f"explain {bound}")))
            assert "Seq Scan on records" not in plan, plan
            assert "Seq Scan on search_texts" not in plan, plan


@pytest.mark.parametrize("words", ["a" * 5000, "' or 1=1 --", "a:*&!b|(c", "\\", "🙂 €", " ".join(["fault"] * 300)])
def test_no_words_break_the_search(cast: str, application: Flask, words: str) -> None:
    client = browser_of(application, "bo")
    assert client.get("/search", query_string={"q": words}).status_code == 200
    assert client.get("/search/suggest", query_string={"q": words}).status_code == 200
