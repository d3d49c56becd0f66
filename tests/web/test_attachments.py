"""A file leaves the desk as a download that no browser runs (security.md 20)."""

from io import BytesIO

from flask import Flask

from tests.rules.test_media import png
from tests.web.pages import asked, browser_of, token


def upload(application: Flask, number: str, name: str, content: bytes, who: str = "ana") -> int:
    browser = browser_of(application, who)
    form = {"csrf_token": token(browser), "file": (BytesIO(content), name)}
    return browser.post(f"/requests/{number}/files", data=form, content_type="multipart/form-data").status_code


def key() -> str:
    from sqlalchemy import select

    from app import database
    from app.models.attachments import Attachment

    with database.sessions()() as session:
        return session.scalars(select(Attachment.key).order_by(Attachment.id.desc())).first() or ""


def test_a_page_of_somebody_is_downloaded_and_never_run(cast: str, application: Flask) -> None:
    number, _ = asked()
    assert upload(application, number, "evil\u202e.html", b"<script>alert(1)</script>") == 303
    answer = browser_of(application, "ana").get(f"/attachments/{key()}?shown=1")
    assert answer.status_code == 200
    assert answer.data == b"<script>alert(1)</script>"
    assert answer.headers["Content-Disposition"] == "attachment; filename=evil.html"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox;")
    assert answer.headers["Content-Type"].partition(";")[0] == "text/plain"
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_an_image_is_shown_where_a_page_asks_for_it(cast: str, application: Flask) -> None:
    number, _ = asked()
    assert upload(application, number, "foto João.png", png(4, 4)) == 303
    browser = browser_of(application, "ana")
    answer = browser.get(f"/attachments/{key()}?shown=1")
    assert answer.headers["Content-Disposition"].startswith("inline;")
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox;")
    assert browser.get(f"/attachments/{key()}").headers["Content-Disposition"].startswith("attachment;")


def test_a_huge_image_is_downloaded_only(cast: str, application: Flask) -> None:
    number, _ = asked()
    assert upload(application, number, "bomb.png", png(50_000, 50_000)) == 303
    answer = browser_of(application, "ana").get(f"/attachments/{key()}?shown=1")
    assert answer.headers["Content-Disposition"].startswith("attachment;")


def test_others_and_visitors_find_nothing(cast: str, application: Flask) -> None:
    number, _ = asked()
    assert upload(application, number, "a.txt", b"hello", "zeca") == 404
    assert upload(application, number, "a.txt", b"hello") == 303
    assert browser_of(application, "zeca").get(f"/attachments/{key()}").status_code == 404
    assert application.test_client().get(f"/attachments/{key()}").status_code == 303  # to the sign-in page
    assert browser_of(application, "ana").get("/attachments/unknown").status_code == 404


def test_a_file_that_lies_or_is_missing_is_refused_in_words(cast: str, application: Flask) -> None:
    number, _ = asked()
    assert upload(application, number, "a.png", b"<svg/>") == 422
    assert upload(application, number, "", b"") == 422
