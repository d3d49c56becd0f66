"""`desk sla what-if`: play what happened under another policy and say what would have been different. Nothing is stored."""

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.table import Table

from app import calendars, database, sla
from app.cli import _progress
from app.practice import practice
from app.queries import what_if as queries
from app.rules import fulfilment
from app.rules.clocks import Clock
from app.rules.sla import FILE, Agreement
from app.rules.what_if import Compared, Outcome, Sum, Total, met_percent
from app.settings import settings
from app.unit_of_work import SYSTEM, unit_of_work

DAYS: Final = {"d": 1, "w": 7}
COLUMNS: Final = ("record", "priority", "clock", "outcome", "outcome_if", "target_minutes", "target_minutes_if", "due_at", "due_at_if", "breached_at", "breached_at_if")


def policy(sla_file: Path | None, calendars_file: Path | None) -> Agreement:
    """Return the other policy: these files, each left out being today's; ClickException says what is wrong with one."""
    try:
        known = calendars.load(calendars_file) if calendars_file else calendars.all_of_them()
        return sla.load(sla_file or settings().config_dir / FILE, known, {*practice().holds, *fulfilment.HOLD_REASONS})
    except (sla.SlaFault, calendars.CalendarFault) as fault:
        raise click.ClickException(str(fault)) from fault


def since_when(text: str, now: datetime) -> datetime:
    """Return when "90d" or "12w" before now was, or midnight of a date in the desk's zone; BadParameter for anything else."""
    if found := re.fullmatch(r"(\d{1,5})([dw])", text.strip()):
        return now - timedelta(days=int(found[1]) * DAYS[found[2]])
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(settings().timezone)).astimezone(UTC)
    except ValueError as wrong:
        raise click.BadParameter(f'{text!r} is no length such as "90d" or "12w", and no date such as 2026-01-31', param_hint="--since") from wrong


def play(other: Agreement, since: str, csv_file: Path | None) -> tuple[datetime, Sum]:
    """Return since when, and what was compared; each clock that differs goes into the file at once."""
    with unit_of_work(SYSTEM) as uow:
        now, begin = uow.now, since_when(since, uow.now)
        total = queries.how_many(uow.session, (sla.agreement(), other), begin)
    found, last = Sum(), 0
    with ExitStack() as stack:
        write, bar = _lines(csv_file, stack), stack.enter_context(_progress.bar())
        task = bar.add_task("Playing history", total=total)
        while True:
            with database.sessions()() as session:
                more, count, last = queries.compared(session, sla.agreement(), other, begin, now, last)
            if not count:
                return begin, found
            for each in more:
                found.add(each)
                if each.differs:
                    write(_line(each))
            found.records += count
            bar.update(task, completed=found.records)


def machine(begin: datetime, found: Sum) -> str:
    """Return everything that is counted as JSON."""
    return json.dumps({
        "since": begin.isoformat(), "records": found.records, "clocks": found.clocks, "different": found.different,
        "totals": [{"clock": key, "priority": priority, **_counts(total)} for key, priority, total in found.in_order()],
    }, indent=2)  # fmt: skip


def show(console: Console, begin: datetime, found: Sum) -> None:
    """Print what differs: the counts, then the first records whose outcome would be another."""
    console.print(f"{found.records} records opened since {_time(begin)} have {found.clocks} clocks; {found.different} of them would be different.")
    if found.clocks:
        console.print(_table(found))
    for each in found.first:
        was, will = each.outcomes
        console.print(f"{each.number}  {each.key}: {was} → {will}{_why(each)}", highlight=False, soft_wrap=True)
    if found.turned > len(found.first):
        console.print(f"… and {found.turned - len(found.first)} more; --csv FILE lists every clock that differs.")


def _lines(file: Path | None, stack: ExitStack) -> Callable[[Sequence[object]], object]:
    if file is None:
        return lambda line: None
    lines = csv.writer(stack.enter_context(file.open("w", encoding="utf-8", newline="")))
    lines.writerow(COLUMNS)
    return lines.writerow


def _table(found: Sum) -> Table:
    table = Table("Clock", "", "Clocks", "Met %", "Breached", "Due earlier", "Due later", box=None, header_style="bold")
    for key, priority, each in found.in_order():
        rates = [f"{rate:.1f}" if (rate := met_percent(counts)) is not None else "–" for counts in (each.is_, each.would_be)]
        late = [str(counts[Outcome.BREACHED]) for counts in (each.is_, each.would_be)]
        moved = (str(each.moved[way] or "") for way in (-1, 1))
        table.add_row(key, f"P{priority}" if priority else "–", str(each.clocks), *(" → ".join(dict.fromkeys(both)) for both in (rates, late)), *moved)
    return table


def _counts(total: Total) -> dict[str, Any]:
    def side(counts: Counter[Outcome]) -> dict[str, Any]:
        rate = met_percent(counts)
        return {**{each.value: counts[each] for each in Outcome}, "met_percent": None if rate is None else round(rate, 2)}

    turned = {f"{was}_to_{will}": count for (was, will), count in sorted(total.turned.items())}
    return {"clocks": total.clocks, "is": side(total.is_), "would_be": side(total.would_be), "turned": turned,
            "due_earlier": total.moved[-1], "due_later": total.moved[1]}  # fmt: skip


def _line(each: Compared) -> list[object]:
    values = _target, lambda clock: _stamp(clock.due), lambda clock: _stamp(clock.breached_at)
    pairs = ([side and value(side) for side in (each.is_, each.would_be)] for value in values)
    return [each.number, each.priority, each.key, *each.outcomes, *(part for pair in pairs for part in pair)]


def _why(each: Compared) -> str:
    if each.is_ is None or each.would_be is None:
        return ""
    return f"  (target {_target(each.is_)} → {_target(each.would_be)} minutes, due {_time(each.is_.due)} → {_time(each.would_be.due)})"


def _target(clock: Clock) -> int:
    return clock.target // timedelta(minutes=1)


def _stamp(at: datetime | None) -> str:
    return at.isoformat(timespec="minutes") if at else ""


def _time(at: datetime | None) -> str:
    return f"{at.astimezone(ZoneInfo(settings().timezone)):%Y-%m-%d %H:%M}" if at else "unknown"
