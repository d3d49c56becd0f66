"""Markdown to clean HTML: the one place of the product that marks HTML as safe (docs/security-tests.md).

Two walls: markdown-it is told that there is no HTML, and nh3 lets through what stands in TAGS and nothing else. Numbers of
records and mentions become links; of images only the record's own attachments are shown.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

import nh3
from flask import Flask, url_for
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from app.rules.mentions import MENTION

TAGS: Final = frozenset(
    ["p", "br", "strong", "em", "s", "a", "ul", "ol", "li", "blockquote", "code", "pre", "hr", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td", "img", "span"]
)  # fmt: skip
ATTRIBUTES: Final = {"a": {"href", "title", "class"}, "img": {"src", "alt", "loading"}, "ol": {"start"}, "span": {"class"}}
SCHEMES: Final = frozenset({"http", "https", "mailto"})
LONGEST: Final = 40_000  # characters; what is longer is shown as it stands
LINKED: Final = ("INC", "REQ", "RIT", "TSK")  # kinds that have a page (views/records.py)
FOUND: Final = re.compile(
    rf"(?P<number>\b(?:{'|'.join(LINKED)})\d{{7}}\b)|(?P<mention>{MENTION.pattern})|(?P<url>https?://[^\s<>()\[\]\"']{{3,400}})",
    re.IGNORECASE,
)


def init_app(app: Flask) -> None:
    """Give templates the filter: `{{ text|markdown(files) }}`."""
    app.jinja_env.filters["markdown"] = html


def html(text: str, files: Iterable[object] = ()) -> Markup:
    """Return what somebody wrote as clean HTML; `files` have name and key, and are what its images may show."""
    if len(text) > LONGEST:
        return Markup("<p>{}</p>").format(text)
    return _html(text, tuple((str(getattr(file, "name", "")), str(getattr(file, "key", ""))) for file in files), url_for("records.show", number="0"))


@lru_cache(maxsize=2048)
def _html(text: str, files: tuple[tuple[str, str], ...], records: str) -> Markup:
    tokens = _parser().parse(text)
    named = dict(files)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"  # the page has its own first and second heading
        if token.children:
            token.children = list(_inline(token.children, named, records.removesuffix("0")))
    made = _parser().renderer.render(tokens, _parser().options, {})
    clean = nh3.clean(made, tags=set(TAGS), attributes={tag: set(names) for tag, names in ATTRIBUTES.items()}, url_schemes=set(SCHEMES),
                      link_rel="noopener noreferrer nofollow", generic_attribute_prefixes=None, strip_comments=True)  # fmt: skip
    return Markup(clean)  # noqa: S704  the walls stand above


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"]).disable(["html_block", "html_inline"])


def _inline(children: Iterable[Token], files: Mapping[str, str], records: str) -> Iterable[Token]:
    depth = 0
    for token in children:
        depth += (token.type == "link_open") - (token.type == "link_close")
        if token.type == "text" and not depth:
            yield from _linked(token, records)
        elif token.type == "image":
            yield from _image(token, files, inside=depth > 0)
        else:
            yield token


def _linked(token: Token, records: str) -> Iterable[Token]:
    """Numbers, mentions and addresses inside plain words."""
    place = 0
    for found in FOUND.finditer(token.content):
        word = found[0].rstrip(".,;:!?") if found["url"] else found[0]
        yield _text(token.content[place : found.start()])
        place = found.start() + len(word)
        if found["mention"]:
            yield Token("span_open", "span", 1, attrs={"class": "mention"})
            yield _text(word)
            yield Token("span_close", "span", -1)
        else:
            yield Token("link_open", "a", 1, attrs={"href": word} if found["url"] else {"href": records + word.upper(), "class": "number"})
            yield _text(word)
            yield Token("link_close", "a", -1)
    yield _text(token.content[place:])


def _image(token: Token, files: Mapping[str, str], *, inside: bool) -> Iterable[Token]:
    """One of the record's own files is shown; any other picture is a link, so that opening a page tells nobody."""
    address, words = str(token.attrs.get("src", "")), token.content
    key = next((key for name, key in files.items() if address in (name, key) or address == f"attachment:{key}"), "")
    if key:
        yield Token("image_open", "img", 0, attrs={"src": url_for("attachments.send", key=key, shown=1), "alt": words or address, "loading": "lazy"})
    elif inside:
        yield _text(words or address)
    else:
        yield Token("link_open", "a", 1, attrs={"href": address})
        yield _text(words or address)
        yield Token("link_close", "a", -1)


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
