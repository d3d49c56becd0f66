"""Turn a letter into a mail: text and HTML, headers that hold exactly one recipient and cannot be added to."""

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from typing import Any

from app.channels import Refused
from app.channels.letters import Letter, line
from app.rules.threading import root_id
from app.settings import settings

# Programs that answer by themselves leave such mail alone (RFC 3834, and Microsoft's own header).
AUTOMATIC = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
POLICY = SMTP.clone(max_line_length=78, cte_type="7bit")
ADDRESS_LIMIT = 254
NAME_LIMIT = 120


def mail(letter: Letter) -> EmailMessage:
    """Return the mail of a letter; raises Refused where the address is none."""
    message = EmailMessage(policy=POLICY)
    message["From"] = _header("From", str(sender()))
    message["To"] = recipient(letter)
    message["Reply-To"] = _header("Reply-To", str(Address(addr_spec=sender().addr_spec)))
    message["Subject"] = plain(letter.subject)
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = letter.message_id
    for name, value in AUTOMATIC.items():
        message[name] = _header(name, value)
    if letter.thread:
        root = root_id(letter.thread, sender().domain, settings().secret_key.get_secret_value())
        message["References"] = root
        message["In-Reply-To"] = root
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = letter.language  # at the end: setting content clears every Content header
    return message


@lru_cache(64)
def _header(name: str, value: str) -> Any:
    """Return a header that is the same in every mail: to read one anew costs as much as a statement of the database."""
    return POLICY.header_factory(name, value)


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
