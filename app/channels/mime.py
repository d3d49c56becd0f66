"""Turn a letter into a mail: text and HTML, headers that hold exactly one recipient and cannot be added to."""

import binascii
from datetime import UTC, datetime
from email.charset import Charset
from email.header import Header
from email.headerregistry import Address
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.policy import compat32
from email.utils import format_datetime, formataddr, parseaddr
from functools import lru_cache
from typing import Any, Final
from uuid import uuid4

from app.channels import Refused
from app.channels.letters import Letter, line
from app.rules.threading import root_id
from app.settings import settings

# Programs that answer by themselves leave such mail alone (RFC 3834, and Microsoft's own header).
AUTOMATIC: Final = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
# The newer policies read each header anew as they write it, which costs more than to carry out the step that is told of.
POLICY: Final = compat32.clone(linesep="\r\n", mangle_from_=False)
UTF_8: Final = Charset("utf-8")
ADDRESS_LIMIT: Final = 254
NAME_LIMIT: Final = 120


def mail(letter: Letter, to: Address) -> bytes:
    """Return the mail of a letter to that one recipient, as it goes over the wire."""
    message: Message[Any, Any] = MIMEMultipart("alternative", boundary=f"=_{uuid4().hex}")
    message["From"] = _written("From", sender())
    message["To"] = _written("To", to)
    message["Reply-To"] = sender().addr_spec
    message["Subject"] = _words("Subject", plain(letter.subject))
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = letter.message_id
    message["Content-Language"] = letter.language
    for name, value in AUTOMATIC.items():
        message[name] = value
    if letter.thread:
        root = root_id(letter.thread, sender().domain, settings().secret_key.get_secret_value())
        message["References"] = root
        message["In-Reply-To"] = root
    message.attach(_part("plain", letter.text))
    message.attach(_part("html", letter.html))
    return message.as_bytes(policy=POLICY)


def _part(subtype: str, words: str) -> Message:
    part = Message()
    part["Content-Type"] = f'text/{subtype}; charset="utf-8"'
    part["Content-Transfer-Encoding"] = "quoted-printable"
    part.set_payload(binascii.b2a_qp(words.encode(), istext=True).decode("ascii"))
    return part


def _written(name: str, address: Address) -> Header | str:
    if address.display_name.isascii():
        return formataddr((address.display_name, address.addr_spec))
    header = _words(name, address.display_name)
    header.append(f"<{address.addr_spec}>", "us-ascii")
    return header


def _words(name: str, words: str) -> Header:
    return Header(words, None if words.isascii() else UTF_8, header_name=name)


def sender() -> Address:
    """Return who the desk writes as."""
    return _sender(settings().mail_from)


@lru_cache(8)
def _sender(mail_from: str) -> Address:
    name, address = parseaddr(mail_from)
    return Address(plain(name), addr_spec=address or "desk@localhost")


def recipient(letter: Letter) -> Address:
    """Return the one recipient; what is not exactly one address is refused, and never sent to anybody."""
    address = letter.address
    local, _, domain = address.rpartition("@")
    if not local or not domain or len(address) > ADDRESS_LIMIT or line(address) != address or set(address) & set(' ,;:<>()[]"\\'):
        raise Refused("this is no mail address")
    if not local.isascii():
        raise Refused("mail to an address with such letters before the @ is not possible")
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode()
        return Address(plain(letter.name)[:NAME_LIMIT], addr_spec=f"{local}@{ascii_domain}")
    except (ValueError, UnicodeError) as error:
        raise Refused("this is no mail address") from error


def plain(words: str) -> str:
    """Return words that stand for themselves in a header: one line, and nothing a mail program would decode."""
    return line(words).replace("=?", "= ?")
