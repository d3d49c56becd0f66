"""The headers of every answer, the host names we answer to, and how static files are kept."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.settings import settings
from app.web.application import create_app
from app.web.static_files import FOLDER

PATHS = ("/livez", "/version", "/styleguide/", "/none", "/static/desk.css", "/static/vendor/icons.svg")


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_the_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert re.search(r"script-src 'self' 'nonce-[\w-]{22}'; style-src 'self';", policy)
    for directive in ("default-src 'self'", "frame-ancestors 'none'", "base-uri 'self'", "form-action 'self'", "object-src 'none'"):
        assert directive in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Permissions-Policy" in headers
    assert "Strict-Transport-Security" not in headers


def test_each_answer_has_its_own_nonce_and_uses_it(client: FlaskClient) -> None:
    nonces = set()
    for _ in range(2):
        answer = client.get("/styleguide/")
        found = re.search(r"'nonce-([\w-]+)'", answer.headers["Content-Security-Policy"])
        assert found
        assert f'<script nonce="{found[1]}"' in answer.text
        nonces.add(found[1])
    assert len(nonces) == 2


def test_pages_have_no_inline_style_or_script(client: FlaskClient) -> None:
    for path in ("/styleguide/", "/styleguide/workspace", "/none"):
        text = client.get(path).text
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:8080.evil.example", "127.0.0.1:1", "127.0.0.1:8080,evil.example", ""])
def test_a_foreign_host_name_is_refused(application: Flask, host: str) -> None:
    answer = application.test_client().get("/styleguide/", headers={"Host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.text


def test_probes_answer_under_any_name(application: Flask) -> None:
    assert application.test_client().get("/livez", headers={"Host": "10.0.0.7:8080"}).status_code == 200


def test_forwarded_names_are_ignored(client: FlaskClient) -> None:
    answer = client.get("/", headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"})
    assert "evil" not in answer.headers.get("Location", "") + answer.text


def test_https_adds_hsts_and_host_cookies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_BASE_URL", "https://desk.example.org")
    monkeypatch.setenv("DESK_LIVE_URL", "https://live.example.org/stream")
    settings.cache_clear()
    try:
        application = create_app()
        answer = application.test_client().get("/none", base_url="https://desk.example.org")
        assert answer.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
        assert "connect-src 'self' https://live.example.org;" in answer.headers["Content-Security-Policy"]
        assert application.config["SESSION_COOKIE_NAME"].startswith("__Host-")
        assert application.config["SESSION_COOKIE_SECURE"] is True
        assert application.test_client().get("/styleguide/", base_url="https://desk.example.org").status_code == 404
    finally:
        settings.cache_clear()


def test_static_files_with_their_hash_may_be_kept_for_ever(client: FlaskClient) -> None:
    page = client.get("/styleguide/").text
    for address in set(re.findall(r'"(/static/[^"#]+)', page)):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert "immutable" not in client.get("/static/desk.css").headers["Cache-Control"]


@pytest.mark.parametrize("name", ["../application.py", "%2e%2e/application.py", "vendor/VENDORED.toml", "none.css"])
def test_nothing_else_is_served_as_static(client: FlaskClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404


def test_no_colour_stands_outside_the_tokens() -> None:
    for sheet in (FOLDER / "css").glob("*.css"):
        if sheet.stem != "tokens":
            rules = [line for line in sheet.read_text("utf-8").splitlines() if ".avatar" not in line]
            assert not [line for line in rules if re.search(r"#[0-9a-f]{3,8}\b", line)], sheet.name
