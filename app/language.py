"""Translate a Text into the reader's language; the catalogues serve web, mail and forms alike."""

import gettext
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from app.rules.words import LANGUAGES, Text

FOLDER = Path(__file__).parent / "translations"


def compile_catalogues() -> None:
    """Write messages.mo beside each messages.po that is newer; every process asks once, at its first sentence."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for source in FOLDER.glob("*/LC_MESSAGES/messages.po"):
        compiled = source.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as file:
            catalogue = read_po(file)
        partial = compiled.with_suffix(f".{id(catalogue)}")
        with partial.open("wb") as out:
            write_mo(out, catalogue)
        partial.replace(compiled)


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Return the catalogue of a language; English is the source and needs none."""
    compile_catalogues()
    if language not in LANGUAGES:
        language = LANGUAGES[0]
    return gettext.translation("messages", FOLDER, [language], fallback=True)


def translate(text: Text | str, language: str) -> str:
    """Return the sentence in this language, its gaps filled."""
    if isinstance(text, str):
        return translations(language).gettext(text) if text else ""
    sentence = translations(language).gettext(text.msgid)
    params = {name: translate(value, language) if isinstance(value, Text) else value for name, value in text.params}
    return sentence % params if params else sentence


def local(at: datetime, zone: str) -> datetime:
    """Return an instant on the reader's clock."""
    return at.astimezone(ZoneInfo(zone))
