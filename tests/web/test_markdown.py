"""What people write becomes clean HTML: formatted, linked, and nothing that runs."""

from types import SimpleNamespace

import pytest
from flask import Flask

from app.web.markdown import html

LOGO = SimpleNamespace(name="logo.png", key="k3y")
NASTY = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "[x](data:text/html;base64,PHN2Zz4=)",
    "![x](javascript:alert(1))", "<a href='java\nscript:alert(1)'>x</a>", "<svg/onload=alert(1)>", "[x](vbscript:x)", "`<b onclick=x>`",
    '[x](http://a "onmouseover=alert(1)")', "<style>*{display:none}</style>", "<iframe src=//evil>", "<http://a/<script>>", "&lt;script&gt;",
    "[![x](http://evil/p.png)](javascript:alert(1))", "<form action=//evil><input>", "|<script>|\n|-|\n|<b>|", "# <b onclick=1>", "@<script>",
)  # fmt: skip


@pytest.mark.parametrize("text", NASTY)
def test_nothing_of_what_people_write_runs(application: Flask, text: str) -> None:
    with application.test_request_context():
        made = str(html(text, [LOGO])).lower()
    tags = "".join(part.partition(">")[0] for part in made.split("<")[1:])
    for word in ("<script", "<svg", "<style", "<iframe", "<form", "<input"):
        assert word not in made
    for word in ("onerror", "onload", "onclick", "onmouseover=", "javascript:", "vbscript:", "data:", "src=\"http"):
        assert word not in tags.replace('title="onmouseover=alert(1)"', ""), made


def test_words_numbers_mentions_and_own_pictures_look_like_what_they_are(application: Flask) -> None:
    text = "See **INC0000002**, @bo.\nhttps://aurora.example/a_b?c=1.\n\n- one\n- two\n\n`INC0000003` a@bo.example ![the logo](logo.png) ![other](http://evil/x.png)"
    with application.test_request_context():
        made = str(html(text, [LOGO]))
        assert str(html("")) == ""
        assert "<p>" in html("x" * 50_000)
    for part in (
        '<strong><a href="/records/INC0000002" class="number" rel="noopener noreferrer nofollow">INC0000002</a></strong>', '<span class="mention">@bo</span>.<br>',
        'href="https://aurora.example/a_b?c=1"', "<li>one</li>", "<code>INC0000003</code>", "a@bo.example", '<img src="/attachments/k3y?shown=1" alt="the logo" loading="lazy">',
        '<a href="http://evil/x.png"',
    ):  # fmt: skip
        assert part in made, (part, made)
