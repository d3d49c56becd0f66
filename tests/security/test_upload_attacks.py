"""Attacks 38 and 39 of security.md on the pages: names that lead elsewhere, and floods.

The guards: the cleaned name in services/attachments (38); MAX_FORM_PARTS and MAX_CONTENT_LENGTH in
web/application.py (39). What one person may put down in all, and files that go on for ever, are tried in
tests/services/test_attachments.py.
"""

import os
import re
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app import database
from app.models.attachments import Attachment
from app.settings import settings
from tests.web.pages import asked, browser_of, token

EVIL = (
    "../../etc/passwd", "..\\..\\boot.ini", "%2e%2e%2f%2e%2e%2fx", ".htaccess", "\u200b.htaccess", "a\u202etxt.exe", "x\x00.txt",
    "CON", "aux.txt", "n" * 300 + ".txt", "a\r\nSet-Cookie: x=1.txt", '"; filename="b.html', "/absolute.txt", "   ",
)  # fmt: skip


def test_38_a_name_is_only_data(cast: str, application: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "data_dir", tmp_path)
    number, _ = asked()
    ana = browser_of(application, "ana")
    csrf, before = token(ana), set(os.listdir("."))
    for name in EVIL:
        form = {"csrf_token": csrf, "file": (BytesIO(b"hello"), name)}
        answer = ana.post(f"/requests/{number}/files", data=form, content_type="multipart/form-data")
        assert answer.status_code in {303, 422}, name
    assert (set(os.listdir(".")), list(tmp_path.rglob("*"))) == (before, [])
    with database.sessions()() as session:
        stored = session.scalars(select(Attachment)).all()
    assert len(stored) >= len(EVIL) - 2
    for file in stored:
        assert re.fullmatch(r"[\w-]{32,}", file.key)
        assert not re.search(r"[\x00-\x1f/\\\u200b\u202e]|^\.|^\s*$", file.name), file.name
        assert len(file.name) <= 200
        sent = ana.get(f"/attachments/{file.key}")
        assert sent.data == b"hello"
        assert "Set-Cookie: x" not in str(sent.headers)
        assert sent.headers["Content-Disposition"].startswith("attachment")


def test_39_a_flood_of_parts_or_bytes_is_turned_away_before_it_is_read(cast: str, application: Flask) -> None:
    number, _ = asked()
    ana = browser_of(application, "ana")
    csrf = token(ana)
    many = {"csrf_token": csrf, "file": ["x"] * 600}
    assert ana.post(f"/requests/{number}/files", data=many, content_type="multipart/form-data").status_code == 413
    told = {"CONTENT_LENGTH": str(2 * 1024**3), "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    assert ana.post(f"/requests/{number}/files", data=b"--x", environ_overrides=told).status_code == 413
    with database.sessions()() as session:
        assert session.scalars(select(Attachment)).all() == []
