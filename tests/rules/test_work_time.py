"""Worked time is read as people write it, and nothing else is."""

from datetime import timedelta

import pytest

from app.rules import work_time
from tests.cast import NOON


@pytest.mark.parametrize(("written", "minutes"), [
    ("90", 90), (" 45 min ", 45), ("5m", 5), ("1h30", 90), ("1 h 30 min", 90), ("2h", 120), ("2 horas", 120), ("1:05", 65), ("1,5 h", 90), ("0.25h", 15), ("2H05", 125),
    ("", None), ("1.5", None), ("1h90", None), ("1:60", None), ("-5", None), ("h", None), ("1h30h", None), ("999999", None), ("1e3", None), ("١٢", None), ("ten", None), ("0", 0),
])  # fmt: skip
def test_a_length_is_minutes_or_hours_and_minutes(written: str, minutes: int | None) -> None:
    assert work_time.minutes(written) == minutes


def test_the_minute_that_was_begun_counts() -> None:
    lengths = (timedelta(0), timedelta(seconds=1), timedelta(seconds=60), timedelta(seconds=61), timedelta(minutes=-3))
    assert [work_time.elapsed(NOON, NOON + length) for length in lengths] == [1, 1, 1, 2, 1]
    assert [work_time.minutes(work_time.written(each)) for each in (5, 60, 754)] == [5, 60, 754]
