"""Flows that look for their own due rows: the relay only asks whether there are any, and wakes them."""

from collections.abc import Callable
from typing import Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.closure import closing
from app.directory import sync
from app.models.access import Campaign, Grant
from app.models.messages import Message
from app.models.queues import BulkJob
from app.models.requests import Check
from app.queries import closure, majors
from app.services import escalation, overdue


def _mail_is_due(session: Session) -> bool:
    due = select(Message.id).where(Message.state == "queued", Message.next_at <= func.desk_now())
    return session.scalar(due.limit(1)) is not None


def _check_is_due(session: Session) -> bool:
    due = select(Check.id).where(Check.done_at.is_(None), Check.due_at <= func.desk_now())
    return session.scalar(due.limit(1)) is not None


def _access_is_due(session: Session) -> bool:
    return session.scalar(select(Grant.id).where(Grant.next_at <= func.desk_now()).limit(1)) is not None


def _campaign_is_due(session: Session) -> bool:
    return session.scalar(select(Campaign.id).where(Campaign.next_at <= func.desk_now()).limit(1)) is not None


def _closure_is_due(session: Session) -> bool:
    return closure.is_due(session, closing().policy)


def _major_is_due(session: Session) -> bool:
    return bool(majors.due(session, limit=1))


def _bulk_is_due(session: Session) -> bool:
    return session.scalar(select(BulkJob.id).where(BulkJob.next_at <= func.desk_now()).limit(1)) is not None


class Seeker(NamedTuple):
    """Whether a flow has something to do, and how many seconds lie between two runs of it at least.

    A run costs as much as many mails: the first goes out at once, those that follow gather a little.
    """

    is_due: Callable[[Session], bool]
    gap: float


SEEKERS: Final = {
    "send_messages": Seeker(_mail_is_due, 2),
    "check_sessions": Seeker(sync.is_check_due, 3),
    "look_again": Seeker(_check_is_due, 60),
    "end_access": Seeker(_access_is_due, 20),
    "recertify": Seeker(_campaign_is_due, 60),
    "escalate_approvals": Seeker(overdue.is_due, 20),
    "review_closure": Seeker(_closure_is_due, 20),
    "carry_out_bulk": Seeker(_bulk_is_due, 2),
    "remind_majors": Seeker(_major_is_due, 20),
    "escalate": Seeker(escalation.is_due, 1),
}
