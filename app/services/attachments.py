"""Files on records: taken in pieces, judged by what they hold, known by a random key, read by whoever sees the record.

A file may be put down before its record exists (a form that is being filled in): it belongs to whoever put it down,
until `bind` gives it to a record, or a day has passed.
"""

import hashlib
import secrets
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import IO, Final

import puremagic
from sqlalchemy import ColumnElement, delete, func, insert, select

from app import database, visibility
from app.models.attachments import Attachment, AttachmentChunk
from app.models.records import Record
from app.rules import media
from app.rules.errors import ActionNotAllowed, DeskError, Invalid, NotFound
from app.rules.words import t
from app.settings import settings
from app.unit_of_work import UnitOfWork

CHUNK: Final = 256 * 1024
MEGABYTE: Final = 1024 * 1024
PER_RECORD: Final = 50
PER_DAY: Final = 40  # files of the largest size that one person may bring in a day, in any number of pieces
LEFT: Final = timedelta(days=1)  # how long a file that was put down waits for its record
KEPT_INSIDE: Final = "record.timeline"  # who reads what is not for the requester


class TooLarge(Invalid):
    """The file, or what somebody has brought today, is more than is taken."""

    status = 413


@dataclass(frozen=True)
class File:
    """A file that the asker may read; `is_shown` says that a page may show it."""

    id: int
    name: str
    media_type: str
    size: int
    sha256: str
    is_shown: bool


def store(uow: UnitOfWork, record: Record, name: str, stream: IO[bytes], *, public: bool = True) -> Attachment:
    """Take a file for a record; one that is not public stays with those who work on it."""
    uow.check(_permission(record, public), record)
    count = select(func.count()).select_from(Attachment).where(Attachment.record_id == record.id)
    if (uow.session.scalar(count) or 0) >= PER_RECORD:
        raise ActionNotAllowed(t("%(number)s has %(count)s files already.", number=record.number, count=PER_RECORD))
    row = _take(uow, "file", name, stream, None, public)
    _give(uow, row, record)
    return row


def put_down(
    uow: UnitOfWork, field: str, name: str, data: bytes | IO[bytes], *, types: Collection[str] = (), max_mb: int | None = None
) -> Attachment:
    """Keep a file for an order that the actor has not sent yet; Invalid (for that field) says why it is not taken."""
    uow.check("request.submit")
    wanted = sorted(set(types) & media.ORDERED.keys()) if types else sorted(media.ORDERED)
    if media.clean_name(name).rpartition(".")[2].lower() not in wanted:
        raise Invalid({field: t("Choose a file of one of these kinds: %(kinds)s.", kinds=", ".join(wanted))})
    _forget_left(uow)
    return _take(uow, field, name, BytesIO(data) if isinstance(data, bytes) else data, max_mb, True)


def is_own(uow: UnitOfWork, key: str) -> bool:
    """Say whether the actor has put down a file under this key."""
    return uow.session.scalar(select(Attachment.id).where(_own(uow, key))) is not None


def bind(uow: UnitOfWork, record: Record, keys: Sequence[str]) -> None:
    """Give the actor's files to a record they belong to from now on; Invalid when one is somewhere else already."""
    uow.session.flush()
    for key in keys:
        found = uow.session.scalars(select(Attachment).where(_own(uow, key)).with_for_update()).one_or_none()
        if found is None or found.record_id not in (None, record.id):
            raise Invalid({}, t("A file is no longer there. Choose it again."))
        if found.record_id is None:
            _give(uow, found, record)


def read(uow: UnitOfWork, key: str) -> File:
    """Return a file by its key; NotFound for what does not exist or belongs to a record the actor may not see."""
    row = uow.session.scalars(select(Attachment).where(Attachment.key == key)).one_or_none()
    if row is None or not _may_read(uow, row):
        raise NotFound("file")
    shown = media.may_be_shown(row.media_type, _piece(row.id, 0) or b"")
    return File(row.id, row.name, row.media_type if shown else media.told_type(row.media_type), row.size, row.sha256, shown)


def content(file_id: int) -> Iterator[bytes]:
    """Yield a file's pieces, each in a short transaction of its own, so that a slow reader holds none open."""
    position = 0
    while (piece := _piece(file_id, position)) is not None:
        yield piece
        position += 1


def of(uow: UnitOfWork, record: Record) -> list[Attachment]:
    """Return the files of a record that the actor may read, oldest first; the caller has found the record."""
    rows = uow.session.scalars(select(Attachment).where(Attachment.record_id == record.id).order_by(Attachment.id)).all()
    inside = _works_on(uow, record) if any(not row.public for row in rows) else False
    return [row for row in rows if row.public or inside]


def _take(uow: UnitOfWork, field: str, name: str, stream: IO[bytes], max_mb: int | None, public: bool) -> Attachment:
    """Store the pieces as they come; whatever is refused leaves nothing behind: the whole unit of work is undone."""
    most = min(max_mb or settings().attachment_limit_mb, settings().attachment_limit_mb)
    row = Attachment(
        key=secrets.token_urlsafe(24), name=media.clean_name(name), media_type=media.UNKNOWN, size=0, sha256="",
        public=public, uploaded_by_id=uow.actor.id, created_at=uow.now,
    )  # fmt: skip
    left = _left_today(uow)
    uow.session.add(row)
    uow.session.flush()
    digest, position = hashlib.sha256(), 0
    while piece := stream.read(CHUNK):
        if not position:
            row.media_type = _type_of(field, row.name, piece[: media.HEAD_BYTES])
        row.size += len(piece)
        if row.size > most * MEGABYTE:
            raise TooLarge({field: t("The file is larger than %(limit)s MB.", limit=most)})
        if row.size > left:
            raise TooLarge({field: t("You have brought very many files today. Go on tomorrow, or send a link.")})
        digest.update(piece)
        uow.session.execute(insert(AttachmentChunk).values(attachment_id=row.id, position=position, data=piece))
        position += 1
    if not position:
        raise Invalid({field: t("The file is empty.")})
    row.sha256 = digest.hexdigest()
    uow.session.flush()
    return row


def _type_of(field: str, name: str, head: bytes) -> str:
    if media.pretends(name, head):
        raise Invalid({field: t("The file is not what its name says.")})
    if found := media.named_type(name, head):
        return found
    try:
        return str(puremagic.from_string(head, mime=True)) or media.UNKNOWN
    except (puremagic.PureError, ValueError):
        return media.UNKNOWN


def _give(uow: UnitOfWork, row: Attachment, record: Record) -> None:
    row.record_id = record.id
    uow.session.flush()
    after = {"attachment": row.id, "size": row.size, "sha256": row.sha256, "public": row.public}
    uow.record_event(record, f"{record.kind}.attach", after=after)


def _permission(record: Record, public: bool) -> str:
    if not public:
        return "incident.note" if record.kind == "incident" else KEPT_INSIDE
    return {"task": "task.note", "incident": "incident.reply"}.get(record.kind, "request.reply")


def _own(uow: UnitOfWork, key: str) -> ColumnElement[bool]:
    return (Attachment.key == key) & (Attachment.uploaded_by_id == uow.actor.id)


def _may_read(uow: UnitOfWork, row: Attachment) -> bool:
    if row.record_id is None:
        return row.uploaded_by_id is not None and row.uploaded_by_id == uow.actor.id
    seen = select(Record).where(Record.id == row.record_id, visibility.visible(uow.actor))
    record = uow.session.scalars(seen).one_or_none()
    return record is not None and (row.public or _works_on(uow, record))


def _works_on(uow: UnitOfWork, record: Record) -> bool:
    for permission in (KEPT_INSIDE, *(("incident.note",) if record.kind == "incident" else ())):
        try:
            uow.check(permission, record)
        except DeskError:
            continue
        return True
    return False


def _piece(file_id: int, position: int) -> bytes | None:
    wanted = AttachmentChunk.attachment_id == file_id, AttachmentChunk.position == position
    with database.sessions()() as session:
        found = session.scalar(select(AttachmentChunk.data).where(*wanted))
    return None if found is None else bytes(found)


def _left_today(uow: UnitOfWork) -> int:
    """Return how many bytes this person may still bring today; the desk itself any."""
    most = PER_DAY * settings().attachment_limit_mb * MEGABYTE
    if uow.actor.is_system:
        return most
    mine = Attachment.uploaded_by_id == uow.actor.id, Attachment.created_at > uow.now - timedelta(days=1)
    return most - int(uow.session.scalar(select(func.coalesce(func.sum(Attachment.size), 0)).where(*mine)) or 0)


def _forget_left(uow: UnitOfWork) -> None:
    """Remove what this person put down long ago and never sent."""
    old = Attachment.record_id.is_(None), Attachment.created_at < uow.now - LEFT
    ids = uow.session.scalars(select(Attachment.id).where(Attachment.uploaded_by_id == uow.actor.id, *old)).all()
    if ids:
        uow.session.execute(delete(AttachmentChunk).where(AttachmentChunk.attachment_id.in_(ids)))
        uow.session.execute(delete(Attachment).where(Attachment.id.in_(ids)))
