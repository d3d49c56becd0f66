"""Does it work again? One press behind the mail's link: nothing by looking, once, for whom it was written, and dead when it is over."""

import pytest
from flask import Flask
from sqlalchemy import select, text

from app import database
from app.models.messages import Message
from app.models.people import OneTimeLink, Person
from app.services import links
from tests.services.incidents_scene import brought, do, found
from tests.web.pages import token


def addresses(number: str) -> dict[str, str]:
    """Return the path in each mail that says the incident is resolved, by its reader's user name."""
    with database.sessions()() as session:
        rows = session.scalars(select(Message).where(Message.template == "incident_resolved").order_by(Message.id)).all()
        return {
            row.address.partition("@")[0]: links.path(session.get_one(OneTimeLink, row.params["link_id"]))
            for row in rows if row.record_id == found(number).id
        }  # fmt: skip


def solved(title: str = "VPN does not connect") -> str:
    """Return ana's incident, resolved just now by the desk's clock: the links die with the window."""
    number = brought("resolved", title=title)
    just_now(number)
    return number


def just_now(number: str) -> None:
    with database.sessions().begin() as session:
        session.execute(text("update incidents set resolved_at = desk_now() where id = :id"), {"id": found(number).id})


def press(application: Flask, path: str, **said: str) -> tuple[int, str]:
    client = application.test_client()
    client.get(path)
    answer = client.post(path, data={"csrf_token": token(client), **said})
    return answer.status_code, answer.text


def test_yes_closes_it_without_signing_in_and_works_once(cast: str, application: Flask) -> None:
    number = solved("Mail <b>stuck")
    path = addresses(number)["ana"]
    page = application.test_client().get(path)
    assert page.status_code == 200
    assert "Mail &lt;b&gt;stuck" in page.text
    assert "no-store" in page.headers["Cache-Control"]
    assert found(number).state == "resolved"  # looking changes nothing
    assert application.test_client().post(path, data={"works": "yes"}).status_code == 400  # no page of ours sent it
    assert press(application, path, works="yes")[0] == 200
    assert found(number).state == "closed"
    for works in ("yes", "no"):
        assert press(application, path, works=works, body="x")[0] == 404


def test_no_reopens_it_with_what_does_not_work_and_the_old_link_is_dead(cast: str, application: Flask) -> None:
    number = solved()
    path = addresses(number)["ana"]
    status, page = press(application, path, works="no", body=" ")
    assert status == 422
    assert "What does not work?" in page or "Write something first." in page
    assert found(number).state == "resolved"
    assert press(application, path, works="no", body="It fails again.")[0] == 200
    assert (found(number).state, found(number).reopen_count) == ("in_progress", 1)
    do(number, "resolve")
    just_now(number)
    assert application.test_client().get(path).status_code == 404
    newest = addresses(number)["ana"]
    assert newest != path
    assert press(application, newest, works="yes")[0] == 200


@pytest.mark.parametrize("end", ["reopen", "close"])
def test_a_link_of_what_is_over_or_open_again_opens_nothing(cast: str, application: Flask, end: str) -> None:
    number = solved()
    path = addresses(number)["ana"]
    do(number, end, who="ana")
    assert application.test_client().get(path).status_code == 404
    assert application.test_client().get("/works/" + "0" * 64).status_code == 404


def test_a_link_of_somebody_who_was_disabled_shows_and_changes_nothing(cast: str, application: Flask) -> None:
    number = solved("Canary")
    path = addresses(number)["ana"]
    with database.sessions().begin() as session:
        session.scalars(select(Person).where(Person.login == "ana")).one().active = False
    assert "Canary" not in application.test_client().get(path).text
    assert press(application, path, works="yes")[0] == 404
    assert found(number).state == "resolved"


def test_a_link_dies_with_the_window_also_where_nothing_closes_by_itself(cast: str, application: Flask) -> None:
    """A major incident is never closed by the flow: its link lasted for a year."""
    number = solved()
    path = addresses(number)["ana"]
    with database.sessions().begin() as session:
        session.execute(text("update desk_clock set \"offset\" = \"offset\" + interval '30 days'"))
    assert application.test_client().get(path).status_code == 404
    assert press(application, path, works="yes")[0] == 404
    assert found(number).state == "resolved"


def test_the_log_holds_no_token_of_a_link(cast: str, application: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    number = solved()
    path = addresses(number)["ana"]
    application.test_client().get(path)
    said = capsys.readouterr().out
    assert "/works/" in said
    assert path.rpartition("/")[2] not in said
