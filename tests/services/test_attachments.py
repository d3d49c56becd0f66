"""Files: whole, bounded, and readable by nobody but those who see the record (security.md 2, 20, 38, 39)."""

import io
import resource

import pytest
from sqlalchemy import func, select, update

from app import database
from app.models.attachments import Attachment, AttachmentChunk
from app.models.requests import Item, Request
from app.rules.errors import DeskError, Forbidden, Invalid, NotFound
from app.services import attachments, audit
from app.settings import settings
from app.unit_of_work import unit_of_work
from tests.cast import event_names
from tests.rules.test_media import png
from tests.services.test_requests import planned

MEGABYTE = 1024 * 1024


@pytest.fixture
def request_number(cast: str) -> str:
    item = planned()
    with database.sessions()() as session:
        return session.scalars(select(Item).where(Item.number == item)).one().request.number


class Endless(io.RawIOBase):
    """A file that goes on for so many bytes and was never in memory."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        piece = b"x" * min(size, self.left)
        self.left -= len(piece)
        return piece


def put(number: str, name: str = "notes.txt", content: bytes = b"hello", who: str = "ana", public: bool = True) -> str:
    with unit_of_work(who) as uow:
        return attachments.store(uow, uow.get(Request, number), name, io.BytesIO(content), public=public).key


def get(key: str, who: str) -> tuple[attachments.File, bytes]:
    with unit_of_work(who) as uow:
        file = attachments.read(uow, key)
    return file, b"".join(attachments.content(file.id))


def count(model: type[object]) -> int:
    with database.sessions()() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_file_comes_back_as_it_went_in(request_number: str) -> None:
    content = bytes(range(256)) * 3000  # three pieces
    file, found = get(put(request_number, "data.bin", content), "ana")
    assert found == content
    assert (file.name, file.size, file.is_shown) == ("data.bin", len(content), False)
    assert count(AttachmentChunk) == 3
    assert event_names(request_number)[-1] == "request.attach"
    assert [each for each in audit.verify().findings if each.invariant == "I9"] == []


def test_its_key_cannot_be_guessed_and_its_name_is_only_data(request_number: str) -> None:
    first, second = put(request_number, "../../x\u200b.png", png(2, 2)), put(request_number)
    assert len(first) >= 32
    assert first != second
    assert get(first, "ana")[0].name == "x.png"


def test_who_does_not_see_the_record_finds_no_file(request_number: str) -> None:
    key = put(request_number)
    assert get(key, "helena")[1] == b"hello"
    for who in ("zeca", "davi"):
        with pytest.raises(NotFound):
            get(key, who)
    with pytest.raises(NotFound):
        get("no-such-key", "ana")


def test_the_link_dies_with_the_right_to_see_the_record(request_number: str) -> None:
    from app.models.people import RoleGrant

    key = put(request_number)
    assert get(key, "bo")[1] == b"hello"
    with database.sessions().begin() as session:
        session.query(RoleGrant).delete()
        session.execute(update(Request.__table__.metadata.tables["records"]).values(team_id=None))
    with pytest.raises(NotFound):
        get(key, "bo")


def test_what_is_kept_inside_is_not_for_the_requester(request_number: str) -> None:
    key = put(request_number, "inside.txt", b"CANARY", who="bo", public=False)
    assert get(key, "bo")[1] == b"CANARY"
    for who in ("ana", "helena"):
        with pytest.raises(NotFound):
            get(key, who)
        with unit_of_work(who) as uow:
            assert attachments.of(uow, uow.get(Request, request_number)) == []
    with unit_of_work("bo") as uow:
        assert [row.key for row in attachments.of(uow, uow.get(Request, request_number))] == [key]
    with pytest.raises(Forbidden):
        put(request_number, public=False)


def test_a_stranger_puts_nothing_on_a_record(request_number: str) -> None:
    with pytest.raises(NotFound):
        put(request_number, who="zeca")
    assert count(Attachment) == 0


def test_what_is_too_large_leaves_nothing_behind_and_takes_no_memory(request_number: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(attachments.TooLarge) as refused, unit_of_work("ana") as uow:
        attachments.store(uow, uow.get(Request, request_number), "big.bin", Endless(2048 * MEGABYTE))  # type: ignore[arg-type]  # it reads
    assert refused.value.status == 413
    assert (count(Attachment), count(AttachmentChunk)) == (0, 0)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024  # KiB


def test_nobody_fills_the_disk(request_number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "PER_DAY", 1)
    monkeypatch.setattr(settings(), "attachment_limit_mb", 1)
    put(request_number, content=b"x" * (MEGABYTE - 10))
    with pytest.raises(attachments.TooLarge):
        put(request_number, content=b"x" * 11)
    put(request_number, content=b"x" * 11, who="bo")
    monkeypatch.setattr(attachments, "PER_RECORD", 2)
    with pytest.raises(DeskError, match="2 files already"):
        put(request_number, who="bo")


@pytest.mark.parametrize(
    ("name", "content"),
    [("photo.png", b"<svg><script>alert(1)</script></svg>"), ("offer.pdf", b"MZ\x90"), ("empty.txt", b""), ("a.jpg", png(1, 1))],
)
def test_a_file_that_is_not_what_it_says_is_refused(request_number: str, name: str, content: bytes) -> None:
    with pytest.raises(Invalid):
        put(request_number, name, content)
    assert count(AttachmentChunk) == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("x.html", b"<!doctype html><script>alert(1)</script>"),
        ("x.xml", b"<?xml version='1.0'?><x/>"),
        ("x.bin", b"\x89PNG\r\n\x1a\n<html><script>alert(1)</script>"),
        ("x.js", b"alert(1)"),
    ],
)
def test_what_a_browser_might_run_is_never_shown(request_number: str, name: str, content: bytes) -> None:
    file, _ = get(put(request_number, name, content), "ana")
    assert not file.is_shown
    assert file.media_type in {"text/plain", "application/octet-stream", "image/png"}


def test_a_file_put_down_belongs_to_whoever_put_it_down_until_it_is_sent(cast: str) -> None:
    with unit_of_work("ana") as uow:
        key = attachments.put_down(uow, "scan", "scan.pdf", b"%PDF-1.7 ...").key
    assert get(key, "ana")[1] == b"%PDF-1.7 ..."
    for who in ("bo", "eva"):
        with pytest.raises(NotFound):
            get(key, who)
    item = planned()
    with pytest.raises(Invalid), unit_of_work("zeca") as uow:
        attachments.bind(uow, uow.session.scalars(select(Item)).one(), [key])
    with unit_of_work("ana") as uow:
        attachments.bind(uow, uow.get(Item, item), [key])
    assert get(key, "helena")[1] == b"%PDF-1.7 ..."
    other = planned(key="key-2")
    with pytest.raises(Invalid), unit_of_work("ana") as uow:
        attachments.bind(uow, uow.get(Item, other), [key])


def test_an_order_takes_the_kinds_its_field_names(cast: str) -> None:
    for name, data, types in (("a.exe", b"MZ", ()), ("a.png", png(1, 1), ("pdf",)), ("a.pdf", b"no pdf", ()), ("a", b"x", ())):
        with pytest.raises(Invalid) as refused, unit_of_work("ana") as uow:
            attachments.put_down(uow, "scan", name, data, types=types)
        assert "scan" in refused.value.fields
    with pytest.raises(attachments.TooLarge), unit_of_work("ana") as uow:
        attachments.put_down(uow, "scan", "a.txt", b"x" * (MEGABYTE + 1), max_mb=1)


def test_what_was_put_down_and_never_sent_goes_after_a_day(cast: str) -> None:
    with unit_of_work("ana") as uow:
        old = attachments.put_down(uow, "scan", "old.txt", b"old").key
    with database.sessions().begin() as session:
        session.execute(update(Attachment).values(created_at=Attachment.created_at - attachments.LEFT - attachments.LEFT))
    with unit_of_work("ana") as uow:
        attachments.put_down(uow, "scan", "new.txt", b"new")
        assert not attachments.is_own(uow, old)
    assert (count(Attachment), count(AttachmentChunk)) == (1, 1)
