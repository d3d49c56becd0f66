"""What a file is called and what it is: names are cleaned before they are judged, types come from the content."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules import media


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, 8, 2, 0, 0, 0)


def jpeg(width: int, height: int) -> bytes:
    app0 = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + bytes(9)
    return b"\xff\xd8" + app0 + b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes(12)


GIF = b"GIF89a" + struct.pack("<HH", 40, 30) + bytes(20)
WEBP = b"RIFF" + bytes(4) + b"WEBPVP8X" + bytes(8) + (39).to_bytes(3, "little") + (29).to_bytes(3, "little")


@pytest.mark.parametrize(
    ("given_name", "cleaned"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("%2e%2e%2fetc", "%2e%2e%2fetc"),
        ("a\u200b.hta\u200bccess", "a.htaccess"),
        ("\u200b.htaccess", "htaccess"),
        ("report\u202egnp.exe", "reportgnp.exe"),
        ("in\x00voice.pdf", "invoice.pdf"),
        ("line\r\nbreak.txt", "linebreak.txt"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("", "file"),
        ("...", "file"),
        ("/", "file"),
        ('a"b<c>.txt', "a_b_c_.txt"),
        ("relatório João.pdf", "relatório João.pdf"),
        ("re\u0301sume\u0301.pdf", "résumé.pdf"),
    ],
)
def test_a_name_is_data_and_harmless(given_name: str, cleaned: str) -> None:
    assert media.clean_name(given_name) == cleaned


@given(st.text(max_size=400))
def test_no_name_leads_anywhere(given_name: str) -> None:
    cleaned = media.clean_name(given_name)
    assert 0 < len(cleaned) <= media.NAME_LIMIT
    assert not set(cleaned) & set('/\\\r\n\0"<>|*?')
    assert cleaned not in {".", ".."}
    assert media.clean_name(cleaned) == cleaned


def test_a_long_name_keeps_its_ending() -> None:
    assert media.clean_name("x" * 300 + ".pdf").endswith("x.pdf")


@pytest.mark.parametrize(("head", "count"), [(png(40, 30), 1200), (jpeg(40, 30), 1200), (GIF, 1200), (WEBP, 1200)])
def test_a_plain_image_may_be_shown_and_its_size_is_read(head: bytes, count: int) -> None:
    kind = media.certain_type(head)
    assert kind in media.SHOWN
    assert media.pixels(head) == count
    assert media.may_be_shown(str(kind), head)


@pytest.mark.parametrize("head", [png(50_000, 50_000), jpeg(60_000, 60_000), png(0, 0), b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xff"])
def test_an_image_that_would_burst_a_browser_or_hides_its_size_is_only_downloaded(head: bytes) -> None:
    assert not media.may_be_shown(str(media.certain_type(head)), head)


@pytest.mark.parametrize("head", [b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", b"<html>", b"%PDF-1.7", b"MZ"])
def test_nothing_else_is_ever_shown(head: bytes) -> None:
    for kind in ("image/svg+xml", "text/html", "application/pdf", "image/png"):
        assert not media.may_be_shown(kind, head)


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/xhtml+xml", "text/javascript", "text/x\r\ny", ""])
def test_a_type_that_a_browser_might_run_is_not_told(kind: str) -> None:
    assert media.told_type(kind) == media.UNKNOWN


@pytest.mark.parametrize(
    ("name", "head", "does"),
    [
        ("a.png", png(1, 1), False), ("a.png", b"<svg>", True), ("a.PDF", b"MZ", True), ("a.jpg", GIF, True),
        ("a.docx", b"PK\x03\x04", False), ("a.docx", b"%PDF-", True), ("a.txt", b"\x00\x01", True), ("a.txt", b"hi", False),
        ("a.exe", b"MZ", False), ("a", b"MZ", False),
    ],
)  # fmt: skip
def test_an_ending_must_not_lie(name: str, head: bytes, does: bool) -> None:
    assert media.pretends(name, head) is does


def test_text_is_known_in_any_language_and_cut_anywhere() -> None:
    assert media.text_type("olá, João".encode()) == "text/plain"
    assert media.text_type("ação".encode()[:-1]) == "text/plain"
    assert media.text_type(b"\xff\xfe\x00") is None
    assert media.text_type(b"a\x00b") is None
