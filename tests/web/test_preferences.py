"""Language, theme and density: chosen without script, kept in a cookie, and never a way to another site."""

import re

import pytest
from flask.testing import FlaskClient

from app.web.views.preferences import local_path


def save(client: FlaskClient, **choices: str) -> tuple[int, str]:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/styleguide/").text)
    assert token
    answer = client.post("/preferences", data={"csrf_token": token[1], **choices})
    return answer.status_code, answer.headers.get("Location", "")


def opening(client: FlaskClient, **headers: str) -> str:
    found = re.search(r"<html[^>]*>", client.get("/styleguide/", headers=headers).text)
    assert found
    return found[0]


def test_a_chosen_theme_and_language_stay(client: FlaskClient) -> None:
    assert 'data-theme="system"' in opening(client)
    assert save(client, theme="dark", back="/styleguide/?a=1") == (303, "/styleguide/?a=1")
    assert save(client, language="pt") == (303, "/")
    assert 'lang="pt-BR" data-theme="dark"' in opening(client)


@pytest.mark.parametrize("choice", [{"theme": "pink"}, {"language": "tlh"}, {"is_admin": "1"}, {}])
def test_what_is_no_choice_is_refused(client: FlaskClient, choice: dict[str, str]) -> None:
    assert save(client, **choice)[0] == 422


@pytest.mark.parametrize(("asked", "got"), [("pt-BR,en;q=0.5", "pt-BR"), ("pt-PT", "pt-BR"), ("en-GB", "en"), ("de,fr;q=0.5", "en"), ("", "en"), ("x;;q=", "en")])
def test_the_browser_language_decides_until_one_is_chosen(client: FlaskClient, asked: str, got: str) -> None:
    assert f'lang="{got}"' in opening(client, **{"Accept-Language": asked})


def test_a_cookie_with_nonsense_changes_nothing(client: FlaskClient) -> None:
    client.set_cookie("desk_theme", '"><script>')
    client.set_cookie("desk_language", "../../etc")
    assert 'lang="en" data-theme="system"' in opening(client)


@pytest.mark.parametrize("address", ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "https:evil", "/a\r\nSet-Cookie: x", "javascript:alert(1)", "", "/ /evil"])
def test_the_way_back_never_leads_elsewhere(address: str) -> None:
    assert local_path(address) == "/"


def test_the_way_back_keeps_its_question() -> None:
    assert local_path("/tasks?team=identity&page=2") == "/tasks?team=identity&page=2"
