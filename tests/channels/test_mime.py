"""What a mail consists of, and that nobody can add to it (security.md 13, operations.md 20)."""

import pytest
from sqlalchemy import update

from app import database
from app.channels import Letter, Refused, email, mime
from app.models.people import Person
from tests.channels.conftest import Handler
from tests.channels.outgoing import queue, queue_to, rows

EVIL = (
    "Ana\r\nBcc: z@evil.example",
    "Ana\nTo: z@evil.example",
    "Ana\r\n\r\n<script>alert(1)</script>",
    '"a" <x@evil.example>, z@evil.example',
    "=?utf-8?q?Ana=0D=0ABcc:_z=40evil.example?=",
    "=?utf-8?b?QW5hCkJjYzogekBldmlsLmV4YW1wbGU=?=",
    "Ana\x0b\x0c\x85\u2028Bcc: z@evil.example",
    "\u202egnp.exe",
    "x" * 5000,
    "Ana; z@evil.example",
    "(comment) <z@evil.example>",
)
HEADERS = {
    "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Content-Language", "Auto-Submitted",
    "X-Auto-Response-Suppress", "MIME-Version", "Content-Type",
}  # fmt: skip


def letter(**changes: object) -> Letter:
    given: dict[str, object] = {
        "message_id": "<1@aurora.example>", "address": "ana@aurora.example", "name": "Ana Lima", "language": "en",
        "number": "", "thread": "", "subject": "Hello", "paragraphs": ("Text",), "button": "", "link": "", "footer": "F",
    }  # fmt: skip
    return Letter(**(given | changes))  # type: ignore[arg-type]  # each test gives the right type


def rename_ana(name: str) -> None:
    with database.sessions().begin() as session:
        session.execute(update(Person).where(Person.login == "ana").values(name=name))


def test_no_name_or_subject_adds_a_recipient_or_a_header(smtp: Handler) -> None:
    for evil in EVIL:
        rename_ana(evil)
        queue("ana", subject=evil, body=evil)
        assert email.send_due().sent == 1, evil
        taken = smtp.taken[-1]
        assert taken.recipients == ["ana@aurora.example"], evil
        assert sorted(taken.message.keys()) == sorted(HEADERS), evil
        assert [address.addr_spec for address in taken.message["To"].addresses] == ["ana@aurora.example"], evil
        assert [address.addr_spec for address in taken.message["From"].addresses] == ["desk@aurora.example"], evil
        assert "\n" not in taken.message["Subject"], evil


@pytest.mark.parametrize("evil", ["z@evil.example, ana@aurora.example", "ana@aurora.example\nBcc: z@evil.example", "a b@c", "=?utf-8?q?a?=@b c"])
def test_an_address_that_is_more_than_one_is_refused(evil: str) -> None:
    with pytest.raises(Refused):
        mime.recipient(letter(address=evil))


def test_a_mail_has_text_and_html_and_says_that_a_machine_wrote_it(smtp: Handler) -> None:
    queue("ana", body="First line\nsecond\n\nA new paragraph with <b>no</b> HTML & co.")
    email.send_due()
    message = smtp.taken[0].message
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["Reply-To"] == "desk@aurora.example"
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert text.get_content_type() == "text/plain"
    assert "A new paragraph with <b>no</b> HTML & co." in text.get_content()
    assert "&lt;b&gt;no&lt;/b&gt; HTML &amp; co." in html.get_content()
    assert "<script" not in html.get_content()


def test_every_line_fits_what_smtp_allows(smtp: Handler) -> None:
    queue("ana", subject="é" * 3000, body="ü" * 20_000)
    email.send_due()
    assert max(len(line) for line in smtp.taken[0].raw.split(b"\r\n")) <= 998


def test_a_name_with_accents_arrives_as_it_is(smtp: Handler) -> None:
    rename_ana("João Conceição, Filho")
    queue("ana", subject="Solicitação aprovada: grupo “finanças”")
    email.send_due()
    message = smtp.taken[0].message
    assert message["To"].addresses[0].display_name == "João Conceição, Filho"
    assert message["Subject"] == "Solicitação aprovada: grupo “finanças”"
    assert message["From"].addresses[0].display_name == "Balcão"


def test_a_domain_with_accents_is_written_for_the_wire() -> None:
    assert str(mime.recipient(letter(address="ana@bücher.example"))) == "Ana Lima <ana@xn--bcher-kva.example>"


def test_an_address_the_server_cannot_write_to_is_given_up_and_not_tried_for_ever(smtp: Handler) -> None:
    queue_to("joão@aurora.example")
    assert email.send_due().dead == 1
    assert rows()[0].error == "mail to an address with such letters before the @ is not possible"
