"""/dev/mail: every mail of the demonstration, as the mail sink stored it. Never outside the demonstration."""

import mailbox
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.rules.errors import NotFound
from app.settings import settings
from app.web.permission import public

bp = Blueprint("dev_mail", __name__, url_prefix="/dev/mail")
SHOWN = 200


@dataclass(frozen=True)
class Letter:
    """One mail as the page shows it."""

    key: str
    sender: str
    to: str
    subject: str
    sent_at: datetime
    text: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@bp.get("/")
@public
def index() -> ResponseReturnValue:
    """List the mails, the newest first, all or those to one address."""
    to = request.args.get("to", "")
    letters = sorted((letter for letter in _letters() if to in letter.to), key=lambda letter: letter.sent_at, reverse=True)
    return render_template("dev_mail/index.html", letters=letters[:SHOWN], to=to)


@bp.get("/<key>")
@public
def show(key: str) -> ResponseReturnValue:
    """Show one mail: its headers and its plain text; the HTML part is never drawn inside our pages."""
    if (box := _box()) is None or key not in box:
        raise NotFound(key)
    return render_template("dev_mail/show.html", letter=_letter(key, _message(box, key), whole=True))


def _box() -> mailbox.Maildir | None:
    folder = settings().data_dir / "mail"
    return mailbox.Maildir(folder, create=False) if (folder / "new").is_dir() else None


def _message(box: mailbox.Maildir, key: str) -> EmailMessage:
    return message_from_bytes(box.get_bytes(key), policy=policy.default)


def _letters() -> list[Letter]:
    box = _box()
    return [_letter(key, _message(box, key)) for key in box.iterkeys()] if box is not None else []


def _letter(key: str, message: EmailMessage, *, whole: bool = False) -> Letter:
    body = message.get_body(("plain",)) if whole else None
    return Letter(
        key, str(message["From"] or ""), str(message["To"] or ""), str(message["Subject"] or ""), parsedate_to_datetime(str(message["Date"])),
        str(body.get_content()) if body else "", tuple((name, str(value)) for name, value in message.items()) if whole else (),
    )  # fmt: skip
