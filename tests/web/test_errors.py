"""Every error is a page for people and a problem for machines, in the reader's language, with the request's id."""

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from app.rules.errors import ActionNotAllowed, Forbidden, Invalid, NotFound, Stale, Unavailable
from app.rules.words import t
from app.settings import settings
from app.web.application import create_app
from app.web.errors import WORDS
from app.web.permission import public

REFUSALS = {
    404: NotFound("REQ0000001"),
    403: Forbidden(t("You may not do this.")),
    409: ActionNotAllowed(t("You may not do this.")),
    422: Invalid({"until": t("You may not do this.")}),
    503: Unavailable(t("You may not do this.")),
}


@pytest.fixture(scope="module")
def ways_to_fail(only_application: Flask) -> Flask:
    """An application of its own with addresses that fail in every way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DESK_DEMO", "1")
        settings.cache_clear()
        application = create_app()
    application.test_client_class = only_application.test_client_class
    application.config["PROPAGATE_EXCEPTIONS"] = False

    @application.route("/fail/<int:status>")
    @public
    def fail(status: int) -> str:
        abort(status)

    @application.route("/refuse/<int:status>")
    @public
    def refuse(status: int) -> str:
        raise REFUSALS[status]

    @application.route("/stale")
    @public
    def stale() -> str:
        raise Stale("REQ0000001", {"version": 7, "state": "fulfilling"})

    @application.route("/crash")
    @public
    def crash() -> str:
        raise RuntimeError("the secret of the house")

    @application.route("/no-database")
    @public
    def no_database() -> str:
        raise OperationalError("select 1", {}, Exception("password=hunter2"))

    return application


@pytest.fixture
def failing(ways_to_fail: Flask, application: Flask) -> FlaskClient:
    """A visitor to it."""
    return ways_to_fail.test_client()


@pytest.mark.parametrize("status", sorted(WORDS.keys() - {500}))
def test_each_status_has_a_page_that_says_what_why_and_what_next(failing: FlaskClient, status: int) -> None:
    answer = failing.get(f"/fail/{status}", headers={"X-Request-ID": "from-the-proxy-1"})
    assert answer.status_code == status
    assert answer.headers["X-Request-ID"] == "from-the-proxy-1"
    for sentence in (WORDS[status].title, WORDS[status].why, WORDS[status].next, "from-the-proxy-1"):
        assert str(sentence) in answer.text


@pytest.mark.parametrize("status", sorted(REFUSALS))
def test_a_refused_use_case_becomes_its_status_and_its_own_sentence(failing: FlaskClient, status: int) -> None:
    answer = failing.get(f"/refuse/{status}", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    problem = answer.get_json()
    assert problem["status"] == status
    assert problem["detail"] == str(REFUSALS[status].text)
    assert problem["request_id"] == answer.headers["X-Request-ID"]


def test_wrong_fields_are_named_by_pointer(failing: FlaskClient) -> None:
    problem = failing.get("/refuse/422", headers={"Accept": "application/problem+json"}).get_json()
    assert problem["errors"] == [{"pointer": "/until", "detail": "You may not do this."}]


def test_a_stale_edit_carries_the_other_version(failing: FlaskClient) -> None:
    late = failing.get("/stale", headers={"Accept": "application/json"})
    assert (late.status_code, late.get_json()["title"]) == (409, "Somebody was faster")
    assert late.get_json()["theirs"] == {"version": 7, "state": "fulfilling"}
    page = failing.get("/stale").text
    assert ">7<" in page
    assert "In progress" in page or "Being carried out" in page


def test_problems_speak_the_language_of_the_caller(failing: FlaskClient) -> None:
    answer = failing.get("/api/none", headers={"Accept-Language": "pt-BR"})
    assert answer.headers["Content-Language"] == "pt-BR"
    assert answer.get_json()["title"] == "Não há nada aqui"


@pytest.mark.parametrize("path", ["/crash", "/no-database"])
def test_a_crash_tells_the_reader_nothing_of_the_inside(failing: FlaskClient, path: str) -> None:
    for accept in ("text/html", "application/json"):
        answer = failing.get(path, headers={"Accept": accept})
        assert answer.status_code == (500 if path == "/crash" else 503)
        assert "secret" not in answer.text
        assert "hunter2" not in answer.text
        assert "select" not in answer.text.lower().replace("<select", "")


def test_htmx_gets_a_message_for_the_corner_instead_of_a_page(failing: FlaskClient) -> None:
    answer = failing.get("/refuse/409", headers={"HX-Request": "true"})
    assert answer.headers["HX-Retarget"] == "#toasts"
    assert "<html" not in answer.text
    assert "data-toast" in answer.text


def test_what_the_reader_typed_is_shown_as_text(failing: FlaskClient) -> None:
    answer = failing.get("/<script>alert(1)</script>{{7*7}}")
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text
    assert "49" not in answer.text.split("<main")[1].split("</main>")[0].replace(answer.headers["X-Request-ID"], "")


def test_a_form_without_its_token_is_refused(client: FlaskClient) -> None:
    answer = client.post("/preferences", data={"theme": "dark"})
    assert answer.status_code == 400
    assert "Reload it and send it again" in answer.text
    assert "Set-Cookie" not in answer.headers or "desk_theme" not in answer.headers["Set-Cookie"]
