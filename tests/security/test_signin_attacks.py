"""Attacks on signing in, by their numbers in the security design; each must fail, and each leaves a line in the audit."""

import re
import time

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from passlib.totp import TOTP
from sqlalchemy import text

from app import database
from app.models.people import OneTimeLink, Person
from app.services import links, people, sessions
from app.unit_of_work import SYSTEM, unit_of_work
from app.web import second_factor
from tests.cast import person_id
from tests.signing import (
    PASSWORD,
    WRONG,
    account,
    come_in,
    cookie_of,
    csrf,
    give_passwords,
    happened,
    is_in,
    let_time_pass,
    names,
    open_sessions,
    post,
    sign_in,
    token_of,
)

pytestmark = pytest.mark.usefixtures("quick_passwords")
INVALID = "This user name or password is not right"


def test_25_wildcards_are_no_token(client: FlaskClient, cast: str) -> None:
    give_passwords("ana")
    with unit_of_work(SYSTEM) as uow:
        links.issue(uow, links.RESET, person_id("ana"))
    for token in ("%25", "%", "*", "_", "_" * 64, "%25" * 64, "[]", "0"):
        for page in ("/password/", "/setup/"):
            assert client.get(page + token).status_code == 404
    for planted in ("%", "*", "", "_" * 43, None, ["x"], {"$ne": ""}, True):
        with cookie_of(client) as cookie:
            cookie["_user_id"] = planted
        assert not is_in(client)


def test_28_the_answer_is_the_same_for_unknown_disabled_and_wrong(client: FlaskClient, cast: str) -> None:
    give_passwords("ana", "zeca")
    with unit_of_work("eva") as uow:
        people.disable(uow, person_id("zeca"))

    def said(login: str, password: str) -> str:
        page = sign_in(client, login, password)
        assert page.status_code == 422
        shown = re.sub(r'(nonce|value|content)="[^"]*"', "", page.text)
        assert INVALID in shown
        assert login not in shown.replace(f'name="{login}"', "")
        return shown

    assert len({said("ana", WRONG), said("nobody", WRONG), said("zeca", WRONG), said("zeca", PASSWORD)}) == 1
    why = [after["why"] for login in ("ana", "zeca") for name, after in happened(f"people:{person_id(login)}") if name == "signin.fail"]
    assert why == ["wrong", "wrong", "disabled"]
    assert happened("signin") == [("signin.fail", {"why": "wrong"})]


def test_28_asking_for_a_new_password_tells_nothing(client: FlaskClient, cast: str) -> None:
    give_passwords("ana")
    answers = set()
    for typed in ("ana", "ana@aurora.example", "nobody", "nobody@aurora.example", "%", "eva"):
        page = post(client, "/password", login=typed)
        answers.add((page.status_code, re.sub(r'(nonce|value)="[^"]*"', "", page.text)))
    assert len(answers) == 1


def test_29_links_and_pages_know_one_host_only(client: FlaskClient, cast: str) -> None:
    give_passwords("ana")
    token = csrf(client)
    for host in ("evil.example", "127.0.0.1:8080.evil.example", "127.0.0.1:8080,evil.example", "evil.example, 127.0.0.1:8080", ""):
        page = client.post("/password", data={"csrf_token": token, "login": "ana"}, headers={"Host": host})
        assert page.status_code == 400, host
    page = client.get("http://evil.example/password", base_url=None)
    assert page.status_code == 400
    forwarded = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Server": "evil.example", "Forwarded": "host=evil.example", "X-Host": "evil.example"}
    page = client.post("/password", data={"csrf_token": token, "login": "ana"}, headers=forwarded)
    assert page.status_code == 200
    assert "evil" not in page.text
    with database.sessions()() as session:
        (link,) = session.query(OneTimeLink).all()
        assert links.address(link).startswith("http://127.0.0.1:8080/password/")


def test_30_a_reset_link_works_once_for_an_hour_and_looking_uses_nothing_up(client: FlaskClient, cast: str) -> None:
    give_passwords("ana")
    post(client, "/password", login="ana")
    with database.sessions()() as session:
        path = links.path(session.query(OneTimeLink).one())
    for _ in range(3):
        assert client.get(path).status_code == 200
        assert client.head(path).status_code == 200
    weak = post(client, path, new_password="password1234", again="password1234")
    assert weak.status_code == 422
    assert "easy to guess" in weak.text
    assert post(client, path, new_password="another fine long phrase", again="another fine long phrasf").status_code == 422
    assert post(client, path, new_password="another fine long phrase", again="another fine long phrase").status_code == 303
    assert client.get(path).status_code == 404
    assert client.post(path, data={"csrf_token": csrf(client), "new_password": WRONG, "again": WRONG}).status_code == 404
    assert sign_in(client, "ana", PASSWORD).status_code == 422
    assert sign_in(client, "ana", "another fine long phrase").status_code == 303

    visitor = client.application.test_client()
    post(visitor, "/password", login="ana")
    let_time_pass("one_time_links", "expires_at", "61 minutes")
    with database.sessions()() as session:
        late = links.path(session.query(OneTimeLink).filter_by(used_at=None).one())
    assert visitor.get(late).status_code == 404


def test_30_tokens_are_long_and_none_is_like_another(client: FlaskClient, cast: str) -> None:
    with unit_of_work("ana") as uow:
        tokens = [sessions.begin(uow, "local", address="", agent="") for _ in range(50)]
    assert len(set(tokens)) == 50
    assert min(map(len, tokens)) * 6 >= 256


def test_31_nothing_of_the_cookie_survives_signing_in_or_out(client: FlaskClient, cast: str) -> None:
    give_passwords("ana")
    with cookie_of(client) as cookie:
        cookie["_user_id"], cookie["planted"] = "chosen-by-the-attacker", "1"
    before = csrf(client)
    assert sign_in(client, "ana").status_code == 303
    first = token_of(client)
    assert first not in (None, "chosen-by-the-attacker")
    with cookie_of(client) as cookie:
        assert "planted" not in cookie
    assert csrf(client, "/account") != before
    post(client, "/sign-out", page="/account")
    with cookie_of(client) as cookie:
        assert "_user_id" not in cookie
        cookie["_user_id"] = first
    assert not is_in(client)
    sign_in(client, "ana")
    assert token_of(client) != first


def test_31_other_roles_another_token(client: FlaskClient, cast: str) -> None:
    old = come_in(client, "ana")
    assert is_in(client)
    with unit_of_work("eva") as uow:
        people.grant(uow, person_id("ana"), "analyst")
    assert client.get("/account", headers={"HX-Request": "true"}).status_code == 200
    assert token_of(client) == old
    assert is_in(client)
    assert token_of(client) != old
    thief = client.application.test_client()
    with cookie_of(thief) as cookie:
        cookie["_user_id"] = old
    assert not is_in(thief)
    assert is_in(client)


def test_32_a_disabled_person_is_out_at_the_next_request(client: FlaskClient, cast: str) -> None:
    come_in(client, "ana")
    assert is_in(client)
    with unit_of_work("eva") as uow:
        people.disable(uow, person_id("ana"))
    assert client.get("/account").status_code == 303
    with unit_of_work("eva") as uow:
        people.enable(uow, person_id("ana"))
    assert not is_in(client)
    assert open_sessions(person_id("ana")) == []


def test_32_whoever_the_sync_disables_without_ending_sessions_is_out_too(client: FlaskClient, cast: str) -> None:
    come_in(client, "ana")
    with database.sessions().begin() as session:
        session.get_one(Person, person_id("ana")).active = False
    assert not is_in(client)
    assert happened(f"people:{person_id('ana')}")[-1][1]["why"] == "disabled"


def test_32_a_session_ends_when_nobody_uses_it_and_when_it_is_old(client: FlaskClient, cast: str) -> None:
    for column, interval, why in (("seen_at", "481 minutes", "idle"), ("created_at", "25 hours", "too_old")):
        come_in(client, "ana")
        assert is_in(client)
        let_time_pass("sign_in_sessions", column, interval)
        assert not is_in(client)
        assert happened(f"people:{person_id('ana')}")[-1][1]["why"] == why
    come_in(client, "ana")
    let_time_pass("sign_in_sessions", "seen_at", "7 hours")
    assert is_in(client)
    let_time_pass("sign_in_sessions", "seen_at", "7 hours")
    assert is_in(client)


def test_33_nobody_comes_in_by_a_header_an_address_or_an_old_kind_of_token(client: FlaskClient, cast: str) -> None:
    come_in(client, "eva")
    token = token_of(client)
    visitor = client.application.test_client()
    headers = dict.fromkeys(("X-Remote-User", "Remote-User", "X-Forwarded-User", "X-Auth-Request-User", "X-WEBAUTH-USER", "X-SSL-Client-CN"), "eva")
    attempts: list[dict[str, object]] = [
        {"headers": headers},
        {"headers": {"Authentication-Token": str(token)}},
        {"headers": {"Authorization": f"Bearer {token}"}},
        {"headers": {"Authorization": "Basic ZXZhOmV2YQ=="}},
        {"query_string": {"auth_token": str(token), "_user_id": str(token)}},
        {"json": {"auth_token": str(token)}},
        {"environ_overrides": {"REMOTE_USER": "eva"}},
    ]
    for attempt in attempts:
        assert visitor.get("/account", **attempt).status_code == 303, attempt


def test_33_a_cookie_signed_with_another_key_is_nobodys(client: FlaskClient, cast: str) -> None:
    from itsdangerous import URLSafeTimedSerializer

    token = come_in(client, "eva")
    forged = URLSafeTimedSerializer("another key", salt="cookie-session").dumps({"_user_id": token})
    visitor = client.application.test_client()
    visitor.set_cookie("desk", str(forged))
    assert visitor.get("/account").status_code == 303


def test_34_a_form_without_its_token_changes_nothing(client: FlaskClient, cast: str) -> None:
    give_passwords("ana")
    stranger, old = csrf(client.application.test_client()), csrf(client)
    come_in(client, "ana")
    fields = {"login": "eva", "password": PASSWORD, "theme": "dark", "act": "remove"}
    bad: list[dict[str, object]] = [
        {"data": fields},
        {"data": {**fields, "csrf_token": ""}},
        {"data": {**fields, "csrf_token": stranger}},
        {"data": {**fields, "csrf_token": old}},
        {"json": fields},
        {"data": '{"theme": "dark"}', "content_type": "text/plain"},
        {"data": fields, "headers": {"X-HTTP-Method-Override": "GET", "Origin": "https://evil.example"}},
    ]
    for page in ("/sign-in", "/sign-out", "/preferences", "/account/preferences", "/account/password",
                 "/account/second-factor", "/account/sessions/end-others"):  # fmt: skip
        for attempt in bad:
            assert client.post(page, **attempt).status_code == 400, (page, attempt)
        assert client.get(page + "?_method=POST&theme=dark").status_code in (200, 303, 405)
    assert is_in(client)
    assert names(f"people:{person_id('ana')}") == ["session.begin"]


AWAY = (
    "//evil.example", "///evil.example", "\\\\evil.example", "/\\evil.example", "https:evil.example",
    "https://evil.example", "http://127.0.0.1:8080@evil.example", "/%0d%0aLocation:%20//evil", "\r\nX: y",
    "javascript:alert(1)", "\t//evil.example", "/\t/evil.example", "%5C%5Cevil.example",
)  # fmt: skip
LOCAL = re.compile(r"/(?![/\\])[^\r\n\\]*")


def test_35_the_way_back_stays_here(client: FlaskClient, cast: str) -> None:
    give_passwords("ana")
    for way in AWAY:
        visitor = client.application.test_client()
        assert sign_in(visitor, "ana", next=way).status_code == 303, way
        for page in (visitor.get("/sign-in/next"), visitor.get("/sign-in", query_string={"next": way})):
            assert page.status_code == 303
            assert LOCAL.fullmatch(page.headers["Location"]), (way, page.headers["Location"])


def test_35_the_way_back_leads_to_the_page_that_was_asked_for(client: FlaskClient, cast: str) -> None:
    give_passwords("ana")
    asked = client.get("/account/password?a=1")
    assert asked.headers["Location"] == "/sign-in?next=/account/password?a%3D1"
    page = client.get(asked.headers["Location"])
    way = re.search(r'name="next"[^>]*value="([^"]*)"', page.text)
    assert way
    sign_in(client, "ana", next=way[1])
    assert client.get("/sign-in/next").headers["Location"] == "/account/password?a=1"


def test_brute_force_by_account_is_stopped_and_written_down_once(client: FlaskClient, cast: str) -> None:
    give_passwords("ana", "bo")
    answers = [sign_in(client, "ana", WRONG).status_code for _ in range(10)]
    assert answers == [422] * 10
    for login in ("ana", "ANA", "ana@aurora.example"):
        page = sign_in(client, login, PASSWORD)
        assert page.status_code == 429
        assert 0 < int(page.headers["Retry-After"]) <= 900
        assert re.search(r"too many tries\. Wait 1\d minutes", page.text)
    assert names(f"people:{person_id('ana')}").count("signin.lock") == 1
    assert sign_in(client, "bo").status_code == 303
    let_time_pass("throttles", "window_start", "16 minutes")
    visitor = client.application.test_client()
    assert sign_in(visitor, "ana").status_code == 303


def test_brute_force_from_one_address_is_stopped_and_the_right_password_counts_nothing(client: FlaskClient, cast: str) -> None:
    give_passwords("ana", "bo")
    from app.services import throttle

    with unit_of_work(SYSTEM) as uow:
        for _ in range(throttle.ADDRESS.tries - 2):
            throttle.attempt(uow, throttle.ADDRESS, "127.0.0.1")
    for login in ("ana", "bo", "ana"):
        visitor = client.application.test_client()
        assert sign_in(visitor, login).status_code == 303
    assert sign_in(client, "guess1", WRONG).status_code == 422
    assert sign_in(client, "guess2", WRONG).status_code == 422
    assert sign_in(client, "ana").status_code == 429
    assert sign_in(client, "guess3", WRONG).status_code == 429
    assert ("signin.lock", {"limit": "address"}) in happened("signin")


def test_what_was_typed_stands_nowhere(client: FlaskClient, cast: str, caplog: pytest.LogCaptureFixture) -> None:
    """Attack 50: a password in the wrong field, a wrong password and a token are in no table and no log."""
    give_passwords("ana")
    sign_in(client, "canary-password-as-name", "canary-wrong")
    sign_in(client, "ana", "canary-wrong")
    sign_in(client, "ana")
    token = str(token_of(client))
    with database.sessions()() as session:
        tables = session.scalars(text("select tablename from pg_tables where schemaname = 'public'")).all()
        stored = "".join(str(session.execute(text(f'select * from "{name}"')).all()) for name in tables)  # noqa: S608
    for canary in ("canary", PASSWORD, token):
        assert canary not in stored, stored[stored.index(canary) - 200 :][:400]
        assert canary not in caplog.text


def test_cookies_are_for_this_host_only_and_out_of_reach(secure: FlaskClient) -> None:
    give_passwords("ana")
    for page in (secure.get("/sign-in"), sign_in(secure, "ana"), secure.get("/account")):
        for cookie in page.headers.getlist("Set-Cookie"):
            parts = [part.strip().lower() for part in cookie.split(";")]
            assert cookie.startswith("__Host-desk=")
            assert {"secure", "httponly", "samesite=lax", "path=/"} <= set(parts)
            assert not any(part.startswith("domain") for part in parts)
    assert secure.get("/account").headers["Cache-Control"] == "no-store"


def code_now(secret: str) -> str:
    return str(TOTP(key=re.sub("[^A-Z2-7]", "", secret.upper())).generate().token)


def enrolled(client: FlaskClient, login: str) -> tuple[str, list[str]]:
    """Set the second factor up at sign-in; return its key and the recovery codes."""
    assert sign_in(client, login).status_code == 303
    page = client.get("/sign-in/next", follow_redirects=True)
    key = re.search(r'class="secret">([^<]+)<', page.text)
    assert key, page.text
    done = post(client, "/sign-in/second-factor", code=code_now(key[1]))
    assert done.status_code == 200, done.text
    return key[1], re.findall(r"<li><code>([0-9a-f-]+)</code>", done.text)


def test_staff_come_in_over_https_only_with_a_second_factor(secure: FlaskClient, https: Flask) -> None:
    give_passwords("bo", "ana")
    sign_in(secure, "bo")
    pending = token_of(secure)
    for page in ("/", "/account", "/people/", "/account/password", "/account/second-factor"):
        answer = secure.get(page)
        assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, "/sign-in"), page
    assert secure.get("/sign-in").headers["Location"] == "/sign-in/second-factor"
    _, codes = enrolled(https.test_client(), "bo")
    assert len(codes) == 10
    assert secure.get("/sign-in/next").status_code == 303
    assert pending == token_of(secure) or token_of(secure) is None
    visitor = https.test_client()
    sign_in(visitor, "ana")
    assert is_in(visitor)


def test_the_code_is_asked_each_time_and_works_once(secure: FlaskClient, https: Flask) -> None:
    give_passwords("bo")
    key, codes = enrolled(secure, "bo")
    assert is_in(secure)
    with time_machine.travel(time.time() + 60):
        code = code_now(key)
        first, second = https.test_client(), https.test_client()
        for visitor in (first, second):
            sign_in(visitor, "bo")
            assert not is_in(visitor)
            assert visitor.get("/sign-in").headers["Location"] == "/sign-in/code"
        before = token_of(first)
        assert post(first, "/sign-in/code", code=code).status_code == 303
        assert token_of(first) != before
        assert is_in(first)
        assert post(second, "/sign-in/code", code=code).status_code == 422
        assert not is_in(second)
        assert post(second, "/sign-in/code", code=codes[0].upper()).status_code == 303
        assert is_in(second)
        third = https.test_client()
        sign_in(third, "bo")
        assert post(third, "/sign-in/code", code=codes[0]).status_code == 422
        assert not is_in(third)


def test_codes_cannot_be_guessed(secure: FlaskClient, https: Flask) -> None:
    give_passwords("bo")
    key, _ = enrolled(secure, "bo")
    visitor = https.test_client()
    sign_in(visitor, "bo")
    for guess in ("000000", "123456", "999999", "", "0" * 65, "abcd-abcd-abcd", "１２３４５６"):
        assert post(visitor, "/sign-in/code", code=guess).status_code == 422
    with time_machine.travel(time.time() + 60):
        assert post(visitor, "/sign-in/code", code=code_now(key)).status_code == 429
    assert not is_in(visitor)
    assert names(f"people:{person_id('bo')}").count("signin.lock") == 1


def test_a_new_role_that_needs_a_second_factor_closes_the_pages_until_it_is_there(secure: FlaskClient) -> None:
    come_in(secure, "ana")
    assert is_in(secure)
    with unit_of_work("eva") as uow:
        people.grant(uow, person_id("ana"), "analyst")
    assert not is_in(secure)
    assert secure.get("/sign-in").headers["Location"] == "/sign-in/second-factor"


def test_the_secret_is_not_kept_in_clear(secure: FlaskClient) -> None:
    give_passwords("bo")
    key, codes = enrolled(secure, "bo")
    plain = re.sub("[^A-Z2-7]", "", key.upper())
    with database.sessions()() as session:
        bo = session.get_one(Person, person_id("bo"))
        assert plain not in str(bo.tf_totp_secret)
        assert not any(code in str(bo.mf_recovery_codes) for code in codes)
    with secure.application.app_context():
        assert second_factor.factory().get_totp_pretty_key(str(bo.tf_totp_secret)).replace("-", "") == plain


def test_a_dangerous_change_asks_for_the_password_again(client: FlaskClient, cast: str) -> None:
    zoe = account("zoe")
    sign_in(client, "zoe")
    new = {"new_password": "another fine long phrase", "again": "another fine long phrase"}
    for page, fields in (("/account/password", new), ("/account/second-factor", {}), ("/account/recovery-codes", {})):
        for guess in (WRONG, "", " "):
            assert post(client, page, current_password=guess, **fields).status_code == 422, page
    for _ in range(5):
        post(client, "/account/password", current_password=WRONG, **new)
    assert post(client, "/account/password", current_password=PASSWORD, **new).status_code == 429
    assert "password.change" not in names(f"people:{zoe}")


def test_a_changed_password_ends_the_other_sessions_and_renews_this_one(client: FlaskClient, cast: str) -> None:
    account("zoe")
    other = client.application.test_client()
    sign_in(other, "zoe")
    sign_in(client, "zoe")
    before = token_of(client)
    done = post(client, "/account/password", current_password=PASSWORD, new_password="another fine long phrase", again="another fine long phrase")
    assert done.status_code == 303
    assert is_in(client)
    assert token_of(client) != before
    assert not is_in(other)


def test_the_setup_link_works_once_and_looking_uses_nothing_up(client: FlaskClient, db: str) -> None:
    with unit_of_work(SYSTEM) as uow:
        path = people.first_administrator_link(uow)
    assert path is not None
    for _ in range(3):
        assert client.get(path).status_code == 200
    given = {"login": "root", "name": "Ruth Root", "email": "root@x.example", "new_password": PASSWORD, "again": PASSWORD}
    assert post(client, path, **{**given, "new_password": "password1234", "again": "password1234"}).status_code == 422
    assert post(client, path, **given).status_code == 303
    assert client.get(path).status_code == 404
    assert client.post(path, data={"csrf_token": csrf(client), **given}).status_code == 404
    assert sign_in(client, "root").status_code == 303
    assert names("signin") == ["setup.offer", "setup.use"]
