"""Passwords, links, tries, second factors and sessions: what counts, what is kept, and what works only once."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app import database
from app.models.messages import Message
from app.models.people import OneTimeLink, Person, SignInSession, Throttle
from app.queries import identity
from app.rules.errors import ActionNotAllowed, Invalid, NotFound
from app.services import accounts, keyed, links, passwords, people, sessions, throttle
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import person_id
from tests.signing import PASSWORD, WRONG, account, happened, let_time_pass, names, open_sessions

LONG = "a phrase that nobody has ever said before "


def test_passwords_are_kept_as_argon2id_of_today(db: str) -> None:
    zoe = account("zoe")
    with database.sessions()() as session:
        stored = session.get_one(Person, zoe).password
    assert stored is not None
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.is_right(PASSWORD, stored)
    assert not passwords.is_right(WRONG, stored)
    assert not passwords.is_right(PASSWORD, None)
    assert not passwords.is_right(PASSWORD, "not a hash")
    assert not passwords.needs_new_hash(stored)


@pytest.mark.parametrize(
    "password",
    ["", "short", "eleven-char", "password1234", "Password12345!", "qwertyuiopas", "123456789012", "aaaaaaaaaaaaaaaa",
     "zoe.castro zoe", "balcao balcao", "x" * 257],
)  # fmt: skip
def test_a_password_that_is_guessed_soon_is_refused(password: str) -> None:
    assert passwords.fault(password, ["zoe", "castro"]) is not None


@pytest.mark.parametrize("password", [PASSWORD, "vw8k2-qqz7t-mm", (LONG * 3)[:72], "ñandú köpfe 漢字 pão 9", (LONG * 9)[:256]])
def test_a_good_password_needs_no_signs_or_capitals_and_may_be_long(password: str) -> None:
    assert passwords.fault(password, ["zoe"]) is None


def test_a_password_is_the_same_on_every_keyboard() -> None:
    assert passwords.is_right("cafe\u0301 com pa\u0303o quente", passwords.hashed("caf\u00e9 com p\u00e3o quente"))


def test_a_link_works_once_until_it_expires_and_only_its_hash_is_kept(db: str) -> None:
    zoe = account("zoe")
    with unit_of_work(SYSTEM) as uow:
        link = links.issue(uow, links.RESET, zoe)
        token = links.token_of(link)
        assert link.expires_at - link.created_at == timedelta(minutes=60)
    assert re.fullmatch(r"[0-9a-f]{64}", token)
    with database.sessions()() as session:
        everything = str(session.execute(text("select * from one_time_links")).all())
        assert token not in everything
        assert links.token_of(session.get_one(OneTimeLink, link.id)) == token
        for wrong in ("", "%", "_" * 64, token[:-1], token.upper(), token + "0", "\\", "*"):
            with pytest.raises(NotFound):
                links.find(session, wrong, links.RESET)
        with pytest.raises(NotFound):
            links.find(session, token, links.INVITATION)
    with unit_of_work(SYSTEM) as uow:
        links.use(uow, token, links.RESET)
    with pytest.raises(NotFound), unit_of_work(SYSTEM) as uow:
        links.use(uow, token, links.RESET)


def test_of_two_who_use_a_link_at_once_one_comes_through(db: str) -> None:
    zoe = account("zoe")
    with unit_of_work(SYSTEM) as uow:
        token = links.token_of(links.issue(uow, links.RESET, zoe))

    def use(_: int) -> bool:
        try:
            with unit_of_work(SYSTEM) as uow:
                links.use(uow, token, links.RESET)
        except NotFound:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(use, range(6))) == 1


def test_an_old_link_and_a_replaced_one_are_dead(db: str) -> None:
    zoe = account("zoe")
    with unit_of_work(SYSTEM) as uow:
        first = links.token_of(links.issue(uow, links.RESET, zoe))
    with unit_of_work(SYSTEM) as uow:
        second = links.token_of(links.issue(uow, links.RESET, zoe))
    assert first != second
    let_time_pass("one_time_links", "expires_at", "61 minutes")
    with database.sessions()() as session:
        for dead in (first, second):
            with pytest.raises(NotFound):
                links.find(session, dead, links.RESET)


def test_a_reset_is_mailed_without_its_token_and_ends_every_session(db: str) -> None:
    zoe = account("zoe")
    with unit_of_work("zoe") as uow:
        sessions.begin(uow, "local", address="192.0.2.1", agent="x")
    with unit_of_work(SYSTEM) as uow:
        accounts.ask_reset(uow, " ZOE@aurora.example ")
    with database.sessions()() as session:
        message = session.scalars(select(Message)).one()
        link = session.get_one(OneTimeLink, message.params["link_id"])
        token = links.token_of(link)
        assert message.template == "password_reset"
        assert token not in str(session.execute(text("select * from messages")).all())
        assert links.address(link) == f"http://127.0.0.1:8080/password/{token}"
    with pytest.raises(Invalid), unit_of_work(SYSTEM) as uow:
        accounts.reset(uow, token, "too short")
    with unit_of_work(SYSTEM) as uow:
        accounts.reset(uow, token, "another fine long phrase")
    with pytest.raises(NotFound), unit_of_work(SYSTEM) as uow:
        accounts.reset(uow, token, "yet another fine phrase")
    assert open_sessions(zoe) == []
    assert names(f"people:{zoe}")[-4:] == ["session.begin", "password.ask", "password.change", "session.end"]


def test_nobody_else_gets_a_reset_link(cast: str) -> None:
    with unit_of_work(SYSTEM) as uow:
        people.create(uow, "dora", "Dora", email="dora@x.example", source="directory", directory_uid="u1")
        people.create(uow, "nomail", "No Mail", password=PASSWORD)
        gone = people.create(uow, "gone", "Gone", email="gone@x.example", password=PASSWORD)
        people.disable(uow, gone.id)
    with unit_of_work(SYSTEM) as uow:
        for typed in ("dora", "nomail", "gone", "unknown", "%", ""):
            accounts.ask_reset(uow, typed)
    with database.sessions()() as session:
        assert session.scalars(select(Message)).all() == []
    assert happened("signin") == [("password.ask", {"sent": False})] * 6


def test_a_password_of_the_directory_is_not_ours_to_set(db: str) -> None:
    with unit_of_work(SYSTEM) as uow:
        dora = people.create(uow, "dora", "Dora", source="directory", directory_uid="u1")
    with pytest.raises(ActionNotAllowed), unit_of_work(SYSTEM) as uow:
        accounts.set_password(uow, uow.session.get_one(Person, dora.id), PASSWORD)


def test_tries_are_counted_together_however_many_come_at_once(db: str) -> None:
    def attempt(_: int) -> bool:
        with unit_of_work(SYSTEM) as uow:
            return throttle.attempt(uow, throttle.SIGN_IN, "zoe").is_refused

    with ThreadPoolExecutor(8) as pool:
        assert sum(not refused for refused in pool.map(attempt, range(30))) == throttle.SIGN_IN.tries
    with database.sessions()() as session:
        assert "zoe" not in session.scalars(select(Throttle.key)).one()
    let_time_pass("throttles", "window_start", "16 minutes")
    assert not attempt(0)


def test_one_address_is_one_however_it_is_written() -> None:
    assert throttle.network_of("192.0.2.7") == "192.0.2.7"
    assert throttle.network_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert throttle.network_of("2001:db8:1:2:3::4") == throttle.network_of("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert throttle.network_of("'; drop table") == "unknown"


def test_a_digest_differs_by_purpose_by_value_and_by_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    from app.settings import settings

    seen = {keyed.digest("a", "x"), keyed.digest("b", "x"), keyed.digest("a", "y"), keyed.digest("a", "x", "y")}
    monkeypatch.setenv("DESK_SECRET_KEY", "another installation's secret key")
    settings.cache_clear()
    assert len(seen | {keyed.digest("a", "x")}) == 5
    settings.cache_clear()


def test_a_session_is_found_by_its_token_only_and_its_row_does_not_give_it_away(cast: str) -> None:
    with unit_of_work("bo") as uow:
        token = sessions.begin(uow, "local", address="192.0.2.1", agent="Firefox " + "x" * 900)
    assert len(token) >= 43
    with database.sessions()() as session:
        found = identity.of(session, sessions.hash_of(token))
        assert found is not None
        assert (found.person.login, found.actor.roles, found.stage) == ("bo", {"employee", "analyst"}, identity.Stage.IN)
        assert len(found.sign_in.agent) == 200
        assert token not in str(session.execute(text("select * from sign_in_sessions")).all())
        for wrong in ("", "%", token[:-1], token.swapcase(), found.sign_in.token_hash):
            assert identity.of(session, sessions.hash_of(wrong)) is None


def test_who_is_asking_costs_one_query(cast: str) -> None:
    from sqlalchemy import event

    with unit_of_work("bo") as uow:
        token = sessions.begin(uow, "local", address="", agent="")
    asked: list[str] = []
    with database.sessions()() as session:
        event.listen(database.engine(), "before_cursor_execute", lambda *args: asked.append(args[2]))
        identity.of(session, sessions.hash_of(token))
    assert len(asked) == 1


def test_a_session_ends_once_by_its_owner_or_an_administrator(cast: str) -> None:
    bo = person_id("bo")
    for _ in range(3):
        with unit_of_work("bo") as uow:
            sessions.begin(uow, "local", address="", agent="")
    first, second, third = (row.id for row in open_sessions(bo))
    with pytest.raises(NotFound), unit_of_work("ana") as uow:
        sessions.end(uow, first, "by_person")
    with unit_of_work("eva") as uow:
        people.end_session(uow, first)
        people.end_session(uow, first)
    with unit_of_work("bo") as uow:
        assert sessions.end_others(uow, third) == 1
    assert [row.id for row in open_sessions(bo)] == [third]
    ends = [after for name, after in happened(f"people:{bo}") if name == "session.end"]
    assert ends == [{"session": first, "why": "by_administrator"}, {"session": second, "why": "by_person"}]


def test_a_renewed_session_has_another_token_and_the_old_one_is_dead(cast: str) -> None:
    with unit_of_work("bo") as uow:
        old = sessions.begin(uow, "local", address="", agent="")
    (row,) = open_sessions(person_id("bo"))
    with unit_of_work("bo") as uow:
        new = sessions.renew(uow, row.id, "roles", {"second_factor": "totp"})
    with unit_of_work("bo") as uow:
        assert sessions.renew_once(uow, row.id, sessions.hash_of(old), "roles") is None
    with pytest.raises(NotFound), unit_of_work("ana") as uow:
        sessions.renew(uow, row.id, "roles", {})
    with database.sessions()() as session:
        assert identity.of(session, sessions.hash_of(old)) is None
        found = identity.of(session, sessions.hash_of(new))
        assert found is not None
        assert found.sign_in.data["second_factor"] == "totp"


def test_sessions_of_last_season_are_forgotten(cast: str) -> None:
    with unit_of_work("bo") as uow:
        sessions.begin(uow, "local", address="", agent="")
    let_time_pass("sign_in_sessions", "seen_at", "31 days")
    with unit_of_work("bo") as uow:
        sessions.begin(uow, "local", address="", agent="")
    with database.sessions()() as session:
        assert len(session.scalars(select(SignInSession)).all()) == 1


def test_a_time_based_code_works_once_also_when_two_send_it_at_once(cast: str) -> None:
    bo = person_id("bo")

    def claim(_: int) -> bool:
        with unit_of_work("bo") as uow:
            return accounts.claim_code(uow, bo, 57_000_000)

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(claim, range(6))) == 1
    with unit_of_work("ana") as uow:
        assert accounts.claim_code(uow, person_id("ana"), 57_000_000)
        assert accounts.claim_code(uow, person_id("ana"), 57_000_001)


def test_recovery_codes_work_once_and_are_not_kept_in_clear(cast: str) -> None:
    with unit_of_work("bo") as uow:
        token = sessions.begin(uow, "local", address="", agent="")
    (row,) = open_sessions(person_id("bo"))
    with unit_of_work("bo") as uow:
        assert accounts.enrol(uow, "secret", ["aaaa-bbbb-cccc", "1111-2222-3333"], row.id) != token
    with unit_of_work("bo") as uow:
        assert accounts.use_recovery_code(uow, " AAAA bbbb-cccc")
        assert not accounts.use_recovery_code(uow, "aaaa-bbbb-cccc")
        assert not accounts.use_recovery_code(uow, "")
    with database.sessions()() as session:
        assert "1111" not in str(session.execute(text("select mf_recovery_codes from people")).all())
    with unit_of_work("bo") as uow:
        accounts.new_recovery_codes(uow, ["9999-8888-7777"])
    with unit_of_work("bo") as uow:
        assert not accounts.use_recovery_code(uow, "1111-2222-3333")
        assert accounts.use_recovery_code(uow, "999988887777")


def test_a_second_factor_is_taken_away_by_its_owner_or_an_administrator(cast: str) -> None:
    for login in ("bo", "ana"):
        with unit_of_work(login) as uow:
            sessions.begin(uow, "local", address="", agent="")
        with unit_of_work(login) as uow:
            accounts.enrol(uow, "secret", ["aaaa-bbbb-cccc"], open_sessions(person_id(login))[0].id)
    with unit_of_work("ana") as uow:
        accounts.remove_second_factor(uow, person_id("ana"))
    assert len(open_sessions(person_id("ana"))) == 1
    with unit_of_work("eva") as uow:
        accounts.remove_second_factor(uow, person_id("bo"))
    assert open_sessions(person_id("bo")) == []
    assert names(f"people:{person_id('bo')}")[-2:] == ["second_factor.remove", "session.end"]


def test_preferences_are_those_on_offer(cast: str) -> None:
    with unit_of_work("ana") as uow:
        accounts.prefer(uow, language="pt", timezone="America/Manaus", theme="dark", density="compact")
    with unit_of_work("ana") as uow:
        assert (uow.actor.language, uow.actor.timezone) == ("pt", "America/Manaus")
    for wrong in ({"language": "tlh"}, {"timezone": "../../etc/passwd"}, {"theme": ""}, {"password": "x"}, {"vip": "1"}):
        with pytest.raises(Invalid), unit_of_work("ana") as uow:
            accounts.prefer(uow, **wrong)
    assert happened(f"people:{person_id('ana')}") == [
        ("person.prefer", {"fields": ["density", "language", "theme", "timezone"]})
    ]
