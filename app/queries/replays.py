"""What our own tables and events say of records that were played from another desk's log: the figures of a desk.

Times are wall-clock minutes on the source's own clock; the same keys as another desk's figures, so that both compare.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from statistics import fmean, median
from typing import Any, Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.queries import replay_clocks
from app.rules import histories, lifecycle
from app.rules.closure import Window, closes_at
from app.rules.imports import Mapping as Columns

NOTHING, MINUTE, HOUR = timedelta(), timedelta(minutes=1), timedelta(hours=1)
FIVE_DAYS: Final = Window(5)  # 120 hours: when our own desk would close what was resolved
HOUR_FORM, MINUTE_FORM = "%Y-%m-%d %H:00:00", "%Y-%m-%d %H:%M"
TOP: Final = 6
DEFINITIONS: Final = {
    "business_minutes": "whole-minute arithmetic, naive local timestamps, end - start within the calendar windows",
    "final": "values of the last row of each incident in file order",
    "reopen": "leaving Resolved to anything but Closed, or leaving Closed",
    "snapshot": "state of the last row with sys_updated_at <= T per incident (incidents without a row yet are absent)",
    "transition": "consecutive rows of one incident (file order) with different incident_state",
}
_MINE: Final = "from imported m join records r on r.id = m.target_id where m.source = :source and m.kind = 'incident' and m.key = any(:keys)"
INCIDENTS: Final = f"""
    select r.id, r.opened_at, r.priority, r.category, r.team_id, r.assignee_id, r.requester_id, r.opened_by_id, i.impact, i.urgency,
           i.channel, i.resolution_code, i.resolved_by_id, i.resolved_at, i.closed_at, i.reopen_count, p.kept, t.name,
           (select min((e.after ->> 'line')::bigint) from events e where e.record_id = r.id and e.seq = 1)
    from (select r.* {_MINE}) r join incidents i on i.id = r.id join replays p on p.record_id = r.id
    left join teams t on t.id = r.team_id order by 19"""  # noqa: S608
EVENTS: Final = f"""
    select e.record_id, e.at, e.after ->> 'label', e.before ->> 'state', e.after ->> 'state', e.seq > 1 and e.before ->> 'team' is not null and e.after ->> 'team' is not null,
           e.seq > 1 and e.after ? 'priority', (e.after ->> 'line')::bigint
    from events e where e.name = 'incident.replay' and e.record_id in (select r.id {_MINE}) order by e.record_id, e.seq"""  # noqa: S608
LINKS: Final = f"select l.type, l.source_id, l.target_id from links l where l.source_id in (select r.id {_MINE})"  # noqa: S608
AFFECTED: Final = f"select count(distinct a.record_id) from affected a where a.record_id in (select r.id {_MINE})"  # noqa: S608


class Ended(NamedTuple):
    """An incident as our tables hold it now; `kept` is what its source said beside."""

    id: int
    opened_at: datetime
    priority: int
    category: str | None
    team: int | None
    assignee: int | None
    requester: int | None
    opened_by: int | None
    impact: int
    urgency: int
    channel: str
    resolution_code: str | None
    resolved_by: int | None
    resolved_at: datetime | None
    closed_at: datetime | None
    reopen_count: int
    kept: Mapping[str, str]
    team_name: str | None
    line: int


@dataclass
class Told:
    """What the events tell, record by record."""

    events: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    first: Counter[str] = field(default_factory=Counter)
    final: Counter[str] = field(default_factory=Counter)
    transitions: Counter[str] = field(default_factory=Counter)
    minutes: Counter[str] = field(default_factory=Counter)
    hours: dict[str, list[int]] = field(default_factory=dict)  # by hour: how many, and the first line of it
    snapshots: dict[str, Counter[str]] = field(default_factory=dict)
    team_changes: int = 0
    repriced: int = 0
    reopened: dict[int, int] = field(default_factory=dict)
    newest: datetime | None = None


def figures(session: Session, columns: Columns, keys: Sequence[str], instants: Sequence[str] = ()) -> dict[str, Any]:
    """Return the figures of these records of a source, from tables and events alone."""
    session.execute(text("set local statement_timeout = '10min'"))  # a log may be of millions
    session.execute(text("analyze events, records, incidents, imported, replays, links, affected"))  # what was just played in has no statistics yet
    given = {"source": columns.name, "keys": list(keys)}
    ended = [Ended(*row) for row in session.execute(text(INCIDENTS), given)]
    told = _told(columns, session.execute(text(EVENTS), given), instants)
    links = [tuple(row) for row in session.execute(text(LINKS), given)]
    named = session.scalar(text(AFFECTED), given) or 0
    found = {**_of_events(told), **_of_ends(columns, ended), **_of_times(columns, ended, instants), **_of_links(ended, links, named)}
    found["reopen"] = _reopenings(ended, told)
    found["sla_oracles"] = replay_clocks.oracles(columns, ended)
    return {"definitions": DEFINITIONS, "expected": dict(sorted(found.items()))}


def _told(columns: Columns, rows: Iterable[Any], instants: Sequence[str]) -> Told:
    told = Told(snapshots={each: Counter() for each in instants})
    moments = [(each, datetime.strptime(each, MINUTE_FORM)) for each in instants]  # noqa: DTZ007  the source's own clock has no zone
    for record, group in groupby(rows, key=lambda row: row[0]):
        history = [(columns.local(at), *rest) for _, at, *rest in group]
        told.events += len(history)
        told.first[history[0][1]] += 1
        told.final[history[-1][1]] += 1
        told.team_changes += sum(row[4] for row in history)
        told.repriced += any(row[5] for row in history)
        told.reopened[record] = sum(lifecycle.is_reopening(was, now) for _, _, was, now, *_ in history)
        for at, label, _, _, _, _, line in history:
            told.labels[label] += 1
            seen = told.hours.setdefault(at.strftime(HOUR_FORM), [0, line])
            seen[0], seen[1] = seen[0] + 1, min(seen[1], line)
            told.newest = at if told.newest is None else max(told.newest, at)
        for one, other in pairwise(history):
            told.minutes[one[1]] += (other[0] - one[0]) // MINUTE
            if one[1] != other[1]:
                told.transitions[f"{one[1]} -> {other[1]}"] += 1
        for name, moment in moments:
            past = [label for at, label, *_ in history if at <= moment]
            told.snapshots[name].update(past[-1:])
    return told


def _of_events(told: Told) -> dict[str, Any]:
    busiest = min(told.hours.items(), key=lambda each: (-each[1][0], each[1][1]), default=None)
    return {
        "events": told.events, "event_state_counts": _sorted(told.labels), "first_state_counts": _sorted(told.first),
        "final_state_counts": _sorted(told.final), "transitions": _sorted(told.transitions),
        "minutes_in_state_between_events": _sorted(told.minutes), "assignment_group_changes_visible": told.team_changes,
        "priority_changed_incidents": told.repriced, "last_event": str(told.newest) if told.newest else None,
        "busiest_update_hour": [busiest[0], busiest[1][0]] if busiest else None,
        "state_snapshot_at": {name: _sorted(counts) for name, counts in told.snapshots.items()},
    }  # fmt: skip


def _of_ends(columns: Columns, ended: Sequence[Ended]) -> dict[str, Any]:
    """Count what the records are like now, in the source's own words."""
    def counted(name: str, attribute: str) -> dict[str, int]:
        return _sorted(Counter(columns.label(name, getattr(each, attribute)) for each in ended))

    def kept(name: str) -> dict[str, int]:
        return _sorted(Counter(each.kept.get(name, columns.mark) for each in ended))

    met = kept("made_sla")
    return {
        "incidents": len(ended), "final_closed_code": counted("resolution_code", "resolution_code"),
        "final_contact_type": counted("channel", "channel"), "final_impact": counted("impact", "impact"),
        "final_urgency": counted("urgency", "urgency"), "final_priority": counted("priority", "priority"),
        "final_knowledge": kept("knowledge"), "final_made_sla": met,
        "final_u_priority_confirmation": kept("priority_confirmation"),
        "made_sla_true_fraction": round(met.get("true", 0) / len(ended), 6) if ended else None,
        "impact_urgency_priority": _sorted(Counter(
            f"{columns.label('impact', each.impact)} x {columns.label('urgency', each.urgency)} -> {columns.label('priority', each.priority)}"
            for each in ended)),
        "top_categories_final": _top(histories.category_names(each.category)[0] or columns.mark for each in ended),
        "top_groups_final": _top(each.team_name or columns.mark for each in ended),
        "reassignment_count": _reassignments([int(each.kept.get("reassignment_count", 0)) for each in ended]),
    }  # fmt: skip


def _of_times(columns: Columns, ended: Sequence[Ended], instants: Sequence[str]) -> dict[str, Any]:
    """Measure from opening to resolution and to the end."""
    opened = [columns.local(each.opened_at) for each in ended]
    solved = [(each.priority, columns.local(each.resolved_at) - columns.local(each.opened_at)) for each in ended if each.resolved_at]
    closed = [columns.local(each.closed_at) - columns.local(each.opened_at) for each in ended if each.closed_at]
    late = [each.closed_at - closes_at(each.resolved_at, FIVE_DAYS) for each in ended if each.resolved_at and each.closed_at]
    days = Counter(each.strftime("%Y-%m-%d") for each in opened)  # most_common keeps the order of the file among equals
    return {
        "opened_at": [str(min(opened)), str(max(opened))] if opened else None,
        "opened_per_month": _sorted(Counter(each.strftime("%Y-%m") for each in opened)),
        "busiest_open_day": list(days.most_common(1)[0]) if days else None,
        "open_to_resolved_min": _spread([length for _, length in solved]), "open_to_closed_min": _spread(closed),
        "resolved_within_4h": sum(length <= timedelta(hours=4) for _, length in solved),
        "resolved_within_24h": sum(length <= timedelta(hours=24) for _, length in solved),
        "median_open_to_resolved_min_by_priority": {
            columns.label("priority", priority): float(median(length // MINUTE for rank, length in solved if rank == priority))
            for priority in sorted({priority for priority, _ in solved})
        },
        "auto_close_after_120h": {
            "closed_earlier_than_120h": sum(each < NOTHING for each in late),
            "closed_120h_to_121h_after_resolution": sum(NOTHING <= each < HOUR for each in late),
            "closed_121h_or_later": sum(each >= HOUR for each in late), "n_with_resolved_at": len(solved),
        },
        "backlog_opened_not_closed_at": {name: _open_at(columns, ended, name) for name in instants},
    }  # fmt: skip


def _open_at(columns: Columns, ended: Sequence[Ended], name: str) -> int:
    moment = datetime.strptime(name, MINUTE_FORM)  # noqa: DTZ007  the source's own clock has no zone
    return sum(
        columns.local(each.opened_at) <= moment and (each.closed_at is None or columns.local(each.closed_at) > moment) for each in ended
    )


def _of_links(ended: Sequence[Ended], links: Sequence[tuple[Any, ...]], named: int) -> dict[str, Any]:
    """Count what the records name: people, teams, categories, other records."""
    def of(type_: str, position: int) -> int:
        return len({row[position] for row in links if row[0] == type_})

    def distinct(values: Iterable[Any]) -> int:
        return len({value for value in values if value})

    names = [histories.category_names(each.category) for each in ended]
    return {
        "linked": {
            "problem_id": of("problem", 1), "rfc": of("change", 1), "caused_by": of("caused_by", 1), "cmdb_ci": named,
            "vendor": sum("vendor" in each.kept for each in ended),
        },
        "distinct": {
            "assigned_to": distinct(each.assignee for each in ended), "assignment_group": distinct(each.team for each in ended),
            "caller_id": distinct(each.requester for each in ended), "opened_by": distinct(each.opened_by for each in ended),
            "resolved_by": distinct(each.resolved_by for each in ended), "category": distinct(name for name, _ in names),
            "subcategory": distinct(name for _, name in names), "problem_id": of("problem", 2), "rfc": of("change", 2),
            "location": distinct(each.kept.get("location") for each in ended), "vendor": distinct(each.kept.get("vendor") for each in ended),
        },
    }  # fmt: skip


def _reopenings(ended: Sequence[Ended], told: Told) -> dict[str, int]:
    """Compare the reopenings that our events show with those that the source counted itself."""
    recorded = {each.id: int(each.kept.get("reopen_count", 0)) for each in ended}
    return {
        "derived_from_transitions_total": sum(told.reopened.values()), "derived_incidents": sum(map(bool, told.reopened.values())),
        "max": max(told.reopened.values(), default=0),
        "per_incident_equal": sum(told.reopened.get(each.id) == recorded[each.id] == each.reopen_count for each in ended),
        "recorded_incidents": sum(map(bool, recorded.values())), "recorded_total": sum(recorded.values()),
    }  # fmt: skip


def _reassignments(counts: Sequence[int]) -> dict[str, int]:
    return {"total": sum(counts), "zero": counts.count(0), "ge3": sum(each >= 3 for each in counts), "max": max(counts, default=0)}


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def _top(values: Iterator[str]) -> dict[str, int]:
    return _sorted(dict(Counter(values).most_common(TOP)))


def _spread(lengths: Sequence[timedelta]) -> dict[str, Any]:
    minutes = sorted(length // MINUTE for length in lengths)
    if not minutes:
        return {"n": 0, "sum": 0, "mean": None, "median": None, "p90": None}
    return {"n": len(minutes), "sum": sum(minutes), "mean": round(fmean(minutes), 3), "median": float(median(minutes)), "p90": _p90(minutes)}


def _p90(ordered: Sequence[int]) -> float:
    """The 90th percentile, between two values in proportion (R's type 7)."""
    place = (len(ordered) - 1) * 0.9
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    part = place - low
    step = ordered[high] - ordered[low]
    return ordered[low] + step * part if part < 0.5 else ordered[high] - step * (1 - part)
