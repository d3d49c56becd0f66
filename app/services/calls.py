"""What was said on the phone, in person or in a chat, written down on an incident, a request or a task (domain.md 7: it is a first response)."""

from typing import Final

from app.models.records import Note, Record
from app.rules.errors import ActionNotAllowed, Invalid, NotFound
from app.rules.lifecycle import FINAL, RecordKind
from app.rules.words import t
from app.services import conversations, messages, records
from app.unit_of_work import UnitOfWork

CHANNELS: Final = frozenset({"phone", "in_person", "chat"})
KINDS: Final = frozenset({RecordKind.INCIDENT, RecordKind.REQUEST, RecordKind.TASK})
TOLD: Final = frozenset({RecordKind.INCIDENT, RecordKind.REQUEST})  # whoever has a task reads nothing on it: no recap


def log(uow: UnitOfWork, number: str, body: str, channel: str = "phone", *, recap: bool = False) -> Note:
    """Write down a call: inside, for those who work here; with `recap` the same words go to the caller, also by mail."""
    record = uow.get(Record, number)
    if record.kind not in KINDS:
        raise NotFound(number)
    uow.check(f"{record.kind}.call", record)
    if channel not in CHANNELS:
        raise Invalid({"channel": t("Choose one from the list.")})
    if recap and record.kind not in TOLD:
        raise ActionNotAllowed(t("Nobody outside reads a task: write on what it belongs to."))
    if recap and record.kind is RecordKind.INCIDENT and record.state in FINAL:
        raise ActionNotAllowed(t("%(number)s is over for good. Open a new one that follows it.", number=number))
    note = records.write(uow, record, "reply" if recap else "work_note", body)
    uow.record_event(record, f"{record.kind}.call", after={"channel": channel, "recap": recap}, note=note)
    conversations.touch(uow, record)
    if recap:
        messages.tell_each(uow, (record.requester_id, record.beneficiary_id), "incident_recap", record)
    return note
