"""How the goals stand: each number of the last 30 days beside where it began, the way to its target, and its counter-metric."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app import reports
from app.queries.kpis import Line, Question
from app.reports import Report
from app.rules import goals
from app.rules.goals import Goal, Of, Status
from app.rules.kpis import By, Measure, Scope, days

WINDOW = timedelta(days=29)


@dataclass(frozen=True)
class Shown:
    """One goal as its card shows it; `points` is the line of its number since it began, `path` that of the straight way."""

    goal: Goal
    report: Report
    measure: Measure
    start: float | None
    value: float | None
    status: Status
    counter: Report
    counter_measure: Measure
    counter_value: float | None
    counter_holds: bool | None
    points: str
    path: str


def questions(found: Sequence[Goal], today: date, zone: str, now: datetime) -> Iterator[Question]:
    """Yield what is asked of each goal: its number now and before it began, its counter-metric now, and its course."""
    for goal in found:
        yield _question(goal.of, days(today - WINDOW, today, zone), now)
        yield _question(goal.of, days(goal.since - WINDOW, goal.since, zone), now)
        yield _question(goal.counter.of, days(today - WINDOW, today, zone), now)
        yield _course(goal, today, zone, now)


def shown(found: Sequence[Goal], answers: Sequence[Sequence[Line]], today: date) -> Iterator[Shown]:
    """Yield each goal with its answers, four for each."""
    known = reports.all_of_them()
    for place, goal in enumerate(found):
        now, before, other, course = answers[4 * place : 4 * place + 4]
        report, counter = known[goal.of.report], known[goal.counter.of.report]
        measure, beside = _measure(report, goal.of), _measure(counter, goal.counter.of)
        value, start, held = _value(now, goal.of), _value(before, goal.of), _value(other, goal.counter.of)
        status = goals.status(goal, start, value, today, measure.wants)
        points, path = _lines(goal, course, measure, start)
        yield Shown(goal, report, measure, start, value, status, counter, beside, held, goal.counter.holds(held), points, path)


def _question(of: Of, scope: Scope, now: datetime) -> Question:
    report = reports.all_of_them()[of.report]
    return Question(report.facts(scope, now), (_measure(report, of),), scope, By(of.by) if of.by else None)


def _course(goal: Goal, today: date, zone: str, now: datetime) -> Question:
    report, scope = reports.all_of_them()[goal.of.report], days(goal.since, max(goal.since, min(today, goal.until)), zone)
    return Question(report.facts(scope, now), (_measure(report, goal.of),), scope, By.TIME if By.TIME in report.by and not goal.of.by else None)


def _measure(report: Report, of: Of) -> Measure:
    return next(each for each in report.measures if each.key == of.measure)


def _value(lines: Sequence[Line], of: Of) -> float | None:
    return next((line.values.get(of.measure) for line in lines if not of.by or line.key == of.part), None)


def _lines(goal: Goal, course: Sequence[Line], measure: Measure, start: float | None) -> tuple[str, str]:
    """Return both lines in a box of 100 by 40, from the first day to the last; the course is empty where there is none by days."""
    told = sorted((line.key, line.values[measure.key]) for line in course if line.key and line.values.get(measure.key) is not None)
    values = [value for _, value in told if value is not None] + [goal.target] + ([start] if start is not None else [])
    low, high = min(values), max(values)
    whole = (goal.until - goal.since).days

    def place(day: date, value: float) -> str:
        height = (value - low) / (high - low) if high > low else 0.5
        return f"{100 * max(0, min(1, (day - goal.since).days / whole)):.1f},{37 - 34 * height:.1f}"

    points = " ".join(place(date.fromisoformat(key), value) for key, value in told if value is not None) if len(told) > 1 else ""
    begun = start if start is not None else goal.target
    return points, f"{place(goal.since, begun)} {place(goal.until, goal.target)}"
