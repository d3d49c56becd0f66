"""`desk scenario expire`: access until a day. One holder is reminded and keeps it longer, the other may not; then it ends by itself."""

from typing import Any

from sqlalchemy import func, select

from app import database
from app.models.events import Event
from app.models.messages import Message
from app.models.people import Person
from app.rules.approvals import Choice
from app.services import requests
from app.unit_of_work import unit_of_work
from flows.cli import doing
from flows.cli.installation import Trial, demonstration, until
from flows.cli.membership import GROUP, carried_out, members, ordered

KEEPS, LOSES, OWNER = "ana", "paulo", "igor"
FIRST, LONGER = 20, 45  # days from the order


def play() -> dict[str, Any]:
    """Play it in an installation of its own; returns the evidence."""
    with demonstration() as trial:
        doing.publish()
        return _play(trial)


def _play(trial: Trial) -> dict[str, Any]:
    before = members()
    orders = {who: _order(who, FIRST) for who in (KEEPS, LOSES)}
    for _, item in orders.values():
        carried_out(item)
    held, ends = members(), {who: doing.grants(who)[0]["ends_at"] for who in orders}
    doing.let_pass(days=FIRST - 10)
    until(lambda: {KEEPS, LOSES} <= _told("access_ends"), "both are reminded in time")
    longer, refused = _order(KEEPS, LONGER), _order(LOSES, LONGER)
    carried_out(longer[1])
    _refuse(refused[1])
    extended = doing.grants(KEEPS)
    doing.let_pass(days=11)
    until(lambda: doing.grants(LOSES)[0]["state"] == "ended", "what was not kept longer has ended")
    on_the_day = members()
    doing.let_pass(days=LONGER)
    until(lambda: doing.grants(KEEPS)[0]["state"] == "ended", "what was kept longer has ended on its later day")
    numbers = [number for order in (*orders.values(), longer, refused) for number in order]
    until(lambda: doing.is_at_rest(*numbers) and not _unsent(), "nothing is left to do, and every mail is sent")
    after, found = members(), doing.evidence(*numbers)
    changes = trial.membership_changes()
    kept = extended[0]["ends_at"] > ends[KEEPS] and len(extended) == 1 and extended[0]["by"] == longer[1]
    went = len(held) - len(on_the_day) == 1 and len(on_the_day) - len(after) == 1 and after == before
    told = {letter: sorted(_told(letter)) for letter in ("access_ends", "access_ended")}
    return {
        "ok": bool(found["verify"]["ok"] and kept and went and len(held) == len(before) + 2 and told["access_ended"] == sorted(orders)
                   and (changes is None or len(changes) == 4)),
        "scenario": "expire", "group": GROUP, "orders": orders, "kept_longer_by": longer, "refused": refused,
        "first_ends": ends, "extended": extended, "letters": told, "flow_runs": _flow_runs(),
        "directory_before": before, "directory_held": held, "directory_after_first_end": on_the_day, "directory_after": after,
        "directory_changes": changes, "grants": {who: doing.grants(who) for who in orders}, **found,
    }  # fmt: skip


def _order(who: str, days: int) -> tuple[str, str]:
    return ordered(who, until=doing.today(days=days), reason="The yearly accounts.")


def _refuse(item: str) -> None:
    with unit_of_work(OWNER) as uow:
        requests.decide(uow, item, Choice.REJECT, "The accounts are done by then.")


def _told(letter: str) -> set[str]:
    with database.sessions()() as session:
        query = select(Person.login).join(Message, Message.person_id == Person.id).where(Message.template == letter)
        return set(session.scalars(query))


def _unsent() -> bool:
    with database.sessions()() as session:
        return session.scalars(select(func.count()).where(Message.state == "queued")).one() > 0


def _flow_runs() -> dict[str, int]:
    """Return how often flow end_access reminded and ended, by what is on record."""
    with database.sessions()() as session:
        rows = session.execute(
            select(Event.name, func.count()).where(Event.name.like("grant.%"), Event.actor == "system").group_by(Event.name)
        )
        return {row[0]: row[1] for row in rows}
