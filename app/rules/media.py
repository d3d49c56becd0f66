"""What a file is, by its content; what it may be called; and whether a browser may show it in a page."""

import codecs
import re
import unicodedata
from typing import Final

HEAD_BYTES: Final = 64 * 1024  # what is looked at
NAME_LIMIT: Final = 120
PIXELS_LIMIT: Final = 50_000_000  # a larger image is only ever downloaded: showing it takes the reader's memory
UNKNOWN: Final = "application/octet-stream"

# Kinds whose first bytes are certain: the only ones shown in a page, and PDF, whose ending nobody may borrow.
_CERTAIN: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
)
_ENDINGS: Final = {
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
    "pdf": "application/pdf",
}  # fmt: skip
_OFFICE, _OPEN, _ZIP = "application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument.", b"PK\x03\x04"
_PACKED: Final = {
    "docx": _OFFICE + "wordprocessingml.document", "xlsx": _OFFICE + "spreadsheetml.sheet",
    "pptx": _OFFICE + "presentationml.presentation", "odt": _OPEN + "text", "ods": _OPEN + "spreadsheet",
}  # fmt: skip
_WRITTEN: Final = {"txt": "text/plain", "csv": "text/csv"}
ORDERED: Final = {**_ENDINGS, **_PACKED, **_WRITTEN}  # endings that a field of kind file takes, where it names none itself
SHOWN: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
# What a browser might run when it believes the type; nobody is told these.
_ACTIVE: Final = re.compile(r"html|xml|svg|javascript|ecmascript|xhtml|flash|java|x-sh|wasm|mathml")
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_LENGTHLESS: Final = frozenset({0xD8, 0x01, *range(0xD0, 0xD8)})  # JPEG markers without a length


def certain_type(head: bytes) -> str | None:
    """Return the type of a file whose first bytes leave no doubt."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((name for first, name in _CERTAIN if head.startswith(first)), None)


def pretends(name: str, head: bytes) -> bool:
    """Say whether the name's ending claims a kind that the content is not."""
    ending = name.rpartition(".")[2].lower()
    if ending in _PACKED:
        return not head.startswith(_ZIP)
    if ending in _WRITTEN:
        return text_type(head) is None
    return ending in _ENDINGS and _ENDINGS[ending] != certain_type(head)


def named_type(name: str, head: bytes) -> str | None:
    """Return the type of a file that does not pretend: by its first bytes, or by an ending that they allow."""
    ending = name.rpartition(".")[2].lower()
    return certain_type(head) or _PACKED.get(ending) or _WRITTEN.get(ending) or text_type(head)


def text_type(head: bytes) -> str | None:
    """Return text/plain for what reads as text, whatever language it is written in, code included."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)  # a letter at the end may be cut in two
    except UnicodeDecodeError:
        return None
    return None if any(ord(sign) < 32 and sign not in "\t\n\r\f" for sign in text) else "text/plain"


def told_type(media_type: str) -> str:
    """Return the type that a browser may be told with a download."""
    return UNKNOWN if _ACTIVE.search(media_type) or not re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", media_type) else media_type


def may_be_shown(media_type: str, head: bytes) -> bool:
    """Say whether a page may show this: an image of a certain kind and of a size that is known and bearable."""
    size = pixels(head) if media_type in SHOWN and certain_type(head) == media_type else None
    return size is not None and 0 < size <= PIXELS_LIMIT


def pixels(head: bytes) -> int | None:
    """Return width times height as the image's own head says, or None when it does not."""
    match certain_type(head):
        case "image/png" if len(head) >= 24 and head[12:16] == b"IHDR":
            return int.from_bytes(head[16:20], "big") * int.from_bytes(head[20:24], "big")
        case "image/gif" if len(head) >= 10:
            return int.from_bytes(head[6:8], "little") * int.from_bytes(head[8:10], "little")
        case "image/webp":
            return _webp_pixels(head)
        case "image/jpeg":
            return _jpeg_pixels(head)
    return None


def clean_name(given: str) -> str:
    """Return a name that is safe to show and to save under: normalised first, then judged; its ending stays.

    It is data only: no file of ours is ever called so.
    """
    name = unicodedata.normalize("NFC", given)
    name = "".join(sign for sign in name if unicodedata.category(sign) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
    name = re.split(r"[/\\]", name)[-1]
    name = re.sub(r'[<>:"|?*]', "_", " ".join(name.split())).strip(". ")
    if _DEVICES.fullmatch(name):
        name = "_" + name
    stem, dot, ending = name.rpartition(".")
    if dot and len(ending) <= 10:
        return (stem[: NAME_LIMIT - len(ending) - 1] or "file") + dot + ending
    return name[:NAME_LIMIT] or "file"


def _webp_pixels(head: bytes) -> int | None:
    kind = head[12:16]
    if kind == b"VP8X" and len(head) >= 30:
        return (int.from_bytes(head[24:27], "little") + 1) * (int.from_bytes(head[27:30], "little") + 1)
    if kind == b"VP8 " and len(head) >= 30:
        return (int.from_bytes(head[26:28], "little") & 0x3FFF) * (int.from_bytes(head[28:30], "little") & 0x3FFF)
    if kind == b"VP8L" and len(head) >= 25:
        bits = int.from_bytes(head[21:25], "little")
        return ((bits & 0x3FFF) + 1) * (((bits >> 14) & 0x3FFF) + 1)
    return None


def _jpeg_pixels(head: bytes) -> int | None:
    """Walk from marker to marker until the one that opens a frame."""
    at = 2
    while at + 9 < len(head):
        if head[at] != 0xFF:
            return None
        marker = head[at + 1]
        if marker == 0xFF or marker in _LENGTHLESS:
            at += 1 if marker == 0xFF else 2
        elif 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            return int.from_bytes(head[at + 5 : at + 7], "big") * int.from_bytes(head[at + 7 : at + 9], "big")
        else:
            at += 2 + int.from_bytes(head[at + 2 : at + 4], "big")
    return None
