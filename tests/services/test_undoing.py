"""What is not taken back any more: what was sent, and what more hangs on."""

import pytest
from sqlalchemy import update

from app import database
from app.models.messages import Message
from app.rules.errors import ActionNotAllowed
from app.services import families, incidents, undoing
from app.unit_of_work import unit_of_work
from tests.cast import NOON
from tests.services.incidents_scene import CODE, NOTES, brought, found, reported


def test_what_its_caller_was_sent_is_no_draft_again_and_what_its_parts_followed_is_not_taken_back(cast: str) -> None:
    number = brought("in_progress")
    with unit_of_work("bo", now=NOON) as uow:
        incidents.resolve(uow, number, CODE, NOTES)
        step = undoing.offer(uow, number) or 0
    with database.sessions().begin() as session:
        session.execute(update(Message).where(Message.template == "incident_resolved").values(state="sent"))
    with unit_of_work("bo", now=NOON) as uow:
        assert undoing.undo(uow, number, step) == ""
    assert found(number).state == "in_progress"
    with unit_of_work("bo", now=NOON) as uow:
        incidents.hold(uow, number, "vendor")
        step = undoing.offer(uow, number) or 0
    with unit_of_work("bo", now=NOON) as uow:
        families.adopt(uow, reported("The same"), number)
    with unit_of_work("bo", now=NOON) as uow, pytest.raises(ActionNotAllowed, match="gone on"):
        undoing.undo(uow, number, step)
    with unit_of_work("bo", now=NOON) as uow:
        incidents.resume(uow, number)
        assert undoing.offer(uow, number) is None
