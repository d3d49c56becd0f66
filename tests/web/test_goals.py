"""Goals: which number shall be how much by when, how it stands, and what must not pay for it."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask

from app.reports import goals
from app.rules.catalog.items import Translated
from app.rules.goals import Bound, Goal, Of, Status, expected, status
from app.settings import ROOT
from tests.web.pages import browser_of, counted

GOAL = Goal("kept", Translated({"en": "Kept", "pt": "Cumpridos"}), Of("sla-met", "met"), 90, date(2026, 1, 1), date(2026, 1, 11), Bound(Of("reopenings", "reopened"), at_most=5))


@pytest.mark.parametrize(("start", "value", "day", "wants", "found"), [
    (70, 90, 2, 1, Status.REACHED), (70, 80, 6, 1, Status.ON_TRACK), (70, 79, 6, 1, Status.BEHIND), (70, 89, 12, 1, Status.MISSED),
    (70, None, 6, 1, Status.UNKNOWN), (None, 89, 6, 1, Status.BEHIND), (120, 105, 6, -1, Status.ON_TRACK), (120, 106, 6, -1, Status.BEHIND), (120, 80, 20, -1, Status.REACHED),
])  # fmt: skip
def test_it_stands_as_the_straight_way_to_its_target_says(start: float | None, value: float | None, day: int, wants: int, found: Status) -> None:
    assert status(GOAL, start, value, date(2026, 1, 1) + timedelta(days=day - 1), wants) is found
    assert expected(GOAL, 70, date(2026, 1, 6)) == 80
    assert [GOAL.counter.holds(value) for value in (5, 5.1, None)] == [True, False, None]


@pytest.mark.parametrize(("old", "new", "fault"), [
    ('report = "sla-met"', 'report = "sla"', "report is 'sla'; there are: "), ('measure = "met"', 'measure = "mat"', "measure is 'mat'; sla-met has: met"),
    ("until = 2027-03-31", "until = 2026-03-31", "until is 2026-03-31; it comes after from"), ("target = 90", 'target = "x"', "target is 'x'; write a number"),
    ("at_most = 5", "most = 5", "unknown most; allowed: at_least"), (", at_most = 5", "", "counter needs at_least or at_most"),
    ("from = 2026-10-01", 'from = "soon"', "write a day without quotes"), ("target = 90", 'target = 90\nby = "priority"', "by and part go together"),
    ('report = "sla-met"\nmeasure = "met"', 'report = "volume"\nmeasure = "opened"', "neither more nor less of opened is better"),
])  # fmt: skip
def test_a_wrong_file_says_where_and_what_is_allowed(tmp_path: Path, old: str, new: str, fault: str) -> None:
    words = (ROOT / "config" / "goals.toml").read_text("utf-8")
    assert old in words
    (tmp_path / "goals.toml").write_text(words.replace(old, new, 1), "utf-8")
    with pytest.raises(goals.GoalFault) as wrong:
        goals.load(tmp_path / "goals.toml")
    assert fault in str(wrong.value)
    assert str(wrong.value).startswith("goals.toml:")


def test_the_page_shows_each_goal_with_its_counter_metric(cast: str, application: Flask) -> None:
    bo = browser_of(application, "bo")
    with counted() as statements:
        page = bo.get("/reports/goals")
    assert (page.status_code, len(statements) <= 12) == (200, True)
    for words in ("Nine of ten promises kept", "No numbers yet", "Must not pay for it", "at most 5 %"):
        assert words in page.text
    assert browser_of(application, "ana").get("/reports/goals").status_code == 403
