"""When an access is looked at, and what an extension leads to."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.rules import access

NOON = datetime(2026, 11, 23, 15, tzinfo=UTC)
TWO_WEEKS = timedelta(days=14)


def test_a_day_ends_where_the_company_is() -> None:
    ends = access.end_of(date(2026, 11, 30), "America/Sao_Paulo")
    assert ends == datetime(2026, 12, 1, 3, tzinfo=UTC)
    assert access.last_day(ends, "America/Sao_Paulo") == date(2026, 11, 30)


def test_an_order_never_cuts_an_access_short() -> None:
    assert access.later(NOON, NOON - TWO_WEEKS) == NOON
    assert access.later(NOON, NOON + TWO_WEEKS) == NOON + TWO_WEEKS
    assert access.later(None, NOON) is None
    assert access.later(NOON, None) is None


def test_a_holder_is_reminded_once_and_not_of_what_was_just_given() -> None:
    ends = NOON + timedelta(days=90)
    assert access.next_look(NOON, ends, TWO_WEEKS) == ends - TWO_WEEKS
    assert access.next_look(NOON, ends, TWO_WEEKS, reminded=True) == ends
    assert access.next_look(NOON, NOON + timedelta(days=3), TWO_WEEKS) == NOON + timedelta(days=3)
    assert access.next_look(NOON, None, TWO_WEEKS) is None


@given(length=st.timedeltas(min_value=timedelta(minutes=1), max_value=timedelta(days=90)))
def test_reviewers_are_reminded_at_half_time_and_on_the_last_day_and_never_after(length: timedelta) -> None:
    due, now, looks = NOON + length, NOON, []
    while now < due:
        now = access.next_review_look(NOON, due, now)
        looks.append(now)
    expected = {NOON + length / 2, due} | ({due - access.LAST_DAY} if length > access.LAST_DAY else set())
    assert looks == sorted(expected)
