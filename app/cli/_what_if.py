"""`desk sla what-if`: play what happened under another policy and say what would have been different. Nothing is stored."""

import csv
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from app import calendars, database, sla
from app.practice import practice
from app.queries import what_if as queries
from app.rules import fulfilment, what_if
from app.rules.clocks import Clock
from app.rules.sla import FILE, Agreement
from app.rules.what_if import Compared, Outcome, Total, met_percent
from app.settings import settings
from app.unit_of_work import SYSTEM, unit_of_work

DAYS: Final = {"d": 1, "w": 7}
SHOWN: Final = 20
COLUMNS: Final = ("record", "priority", "clock", "outcome", "outcome_if", "target_minutes", "target_minutes_if", "due_at", "due_at_if", "breached_at", "breached_at_if")
Totals = Mapping[tuple[str, int | None], Total]


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


def play(other: Agreement, since: str) -> tuple[datetime, int, list[Compared]]:
    """Return since when, how many records were played, and each of their clocks under both policies."""
    with unit_of_work(SYSTEM) as uow:
        now, begin = uow.now, since_when(since, uow.now)
        total = queries.how_many(uow.session, (sla.agreement(), other), begin)
    found: list[Compared] = []
    records = last = 0
    with _bar() as bar:
        task = bar.add_task("Playing history", total=total)
        while True:
            with database.sessions()() as session:
                more, count, last = queries.compared(session, sla.agreement(), other, begin, now, last)
            if not count:
                return begin, records, found
            found, records = found + more, records + count
            bar.update(task, completed=records)


def machine(begin: datetime, records: int, found: Sequence[Compared]) -> str:
    """Return everything that is counted as JSON."""
    totals = what_if.totals(found)
    return json.dumps({
        "since": begin.isoformat(), "records": records, "clocks": len(found), "different": sum(each.differs for each in found),
        "totals": [{"clock": key, "priority": priority, **_counts(total)} for (key, priority), total in totals.items()],
    }, indent=2)  # fmt: skip


def show(console: Console, begin: datetime, records: int, found: Sequence[Compared]) -> None:
    """Print what differs: the counts, then the first records whose outcome would be another."""
    different = sum(each.differs for each in found)
    console.print(f"{records} records opened since {begin:%Y-%m-%d} have {len(found)} clocks; {different} of them would be different.")
    if found:
        console.print(_table(what_if.totals(found)))
    turned = [each for each in found if each.outcomes[0] is not each.outcomes[1]]
    for each in turned[:SHOWN]:
        was, will = each.outcomes
        console.print(f"{each.number}  {each.key}: {was} → {will}{_why(each)}", highlight=False)
    if len(turned) > SHOWN:
        console.print(f"… and {len(turned) - SHOWN} more; --csv FILE lists every clock that differs.")


def write(file: Path, found: Sequence[Compared]) -> None:
    """Write every clock that differs, a line each."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(COLUMNS)
        lines.writerows(_line(each) for each in found if each.differs)


def _table(totals: Totals) -> Table:
    table = Table("Clock", "Priority", "Clocks", "Met", "Would be met", "Breached", "Would be breached", "Due earlier", "Due later", box=None, header_style="bold")
    for (key, priority), each in totals.items():
        rates = (f"{rate:.1f} %" if (rate := met_percent(counts)) is not None else "–" for counts in (each.is_, each.would_be))
        late = (counts[Outcome.BREACHED] for counts in (each.is_, each.would_be))
        table.add_row(key, f"P{priority}" if priority else "–", *map(str, (each.clocks, *rates, *late, each.moved[-1], each.moved[1])))
    return table


def _counts(total: Total) -> dict[str, Any]:
    def side(counts: Counter[Outcome]) -> dict[str, Any]:
        rate = met_percent(counts)
        return {**{each.value: counts[each] for each in Outcome}, "met_percent": None if rate is None else round(rate, 2)}

    turned = {f"{was}_to_{will}": count for (was, will), count in sorted(total.turned.items())}
    return {"clocks": total.clocks, "is": side(total.is_), "would_be": side(total.would_be), "turned": turned,
            "due_earlier": total.moved[-1], "due_later": total.moved[1]}  # fmt: skip


def _line(each: Compared) -> list[object]:
    pairs = ([side and value(side) for side in (each.is_, each.would_be)] for value in (_target, lambda clock: _time(clock.due), lambda clock: _time(clock.breached_at)))
    return [each.number, each.priority, each.key, *each.outcomes, *(part for pair in pairs for part in pair)]


def _why(each: Compared) -> str:
    if each.is_ is None or each.would_be is None:
        return ""
    return f"  (target {_target(each.is_)} → {_target(each.would_be)} minutes, due {_time(each.is_.due) or 'unknown'} → {_time(each.would_be.due) or 'unknown'})"


def _target(clock: Clock) -> int:
    return clock.target // timedelta(minutes=1)


def _time(at: datetime | None) -> str:
    return at.isoformat(timespec="minutes") if at else ""


def _bar() -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=Console(stderr=True), transient=True)
