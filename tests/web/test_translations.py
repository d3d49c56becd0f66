"""Every sentence of pages, rules and services has its Portuguese, with the same gaps."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from app.language import FOLDER
from app.rules.words import LANGUAGES
from app.settings import ROOT

KEYWORDS = {"_": None, "t": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
GAP = re.compile(r"%\((\w+)\)[sd]|%%")


def sentences() -> set[str]:
    with (ROOT / "deploy" / "babel.cfg").open() as file:
        mapping, options = parse_mapping_cfg(file)
    found: set[str] = set()
    for folder in ("app", "flows"):
        scoped = [(pattern.removeprefix(f"{folder}/"), method) for pattern, method in mapping if pattern.startswith(folder)]
        scoped_options = {pattern.removeprefix(f"{folder}/"): value for pattern, value in options.items()}
        for _, _, message, _, _ in extract_from_dir(str(ROOT / folder), scoped, scoped_options, keywords=KEYWORDS):
            found.add(message if isinstance(message, str) else message[0])
    return {sentence for sentence in found if sentence}


@pytest.fixture(scope="module")
def used() -> set[str]:
    return sentences()


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_sentence_is_translated(used: set[str], language: str) -> None:
    path = Path(FOLDER) / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        messages = {message.id if isinstance(message.id, str) else message.id[0]: message for message in read_po(file)}
    missing = sorted(text for text in used if text not in messages or not messages[text].string or messages[text].fuzzy)
    assert not missing, f"deploy/translate, then translate: {missing[:5]} and {len(missing[5:])} more"


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_translations_keep_the_gaps(language: str) -> None:
    path = Path(FOLDER) / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        for message in read_po(file):
            originals = [message.id] if isinstance(message.id, str) else list(message.id)
            strings = [message.string] if isinstance(message.string, str) else list(message.string)
            gaps = {gap for text in originals for gap in GAP.findall(text)}
            for text in strings:
                assert not text or set(GAP.findall(text)) <= gaps, message.id
                assert not text or len(originals) > 1 or set(GAP.findall(text)) == gaps, message.id


def test_the_frame_is_among_the_sentences(used: set[str]) -> None:
    assert {"Skip to content", "How can we help?", "There is nothing here"} <= used
