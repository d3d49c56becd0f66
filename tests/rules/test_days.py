"""Days as people write them."""

from datetime import date

import pytest
from babel.dates import format_date

from app.rules import days


@pytest.mark.parametrize("month", range(1, 13))
def test_a_day_reads_as_the_pages_write_it(month: int) -> None:
    day = date(2027, month, 5)
    assert days.in_words(day.isoformat(), "pt") == format_date(day, "d 'de' MMM 'de' y", locale="pt_BR")
    assert days.in_words(day.isoformat(), "en") == format_date(day, "d MMM y", locale="en")


@pytest.mark.parametrize("other", ["", "soon", "2027-13-01"])
def test_what_is_no_day_stays_as_it_is(other: str) -> None:
    assert days.in_words(other, "en") == other
