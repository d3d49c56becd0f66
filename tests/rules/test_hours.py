"""Working time against an independent oracle that looks at the wall clock minute by minute."""

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.rules import hours, hours_oracle
from app.rules.hours_oracle import works

OFFICE = ((9 * 60, 12 * 60), (13 * 60, 18 * 60))
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
BUSINESS = hours.Calendar(
    name="business",
    zone="America/Sao_Paulo",
    windows=dict.fromkeys(range(5), OFFICE),
    holidays=frozenset({date(2026, 11, 20), date(2026, 12, 25)}),
)
ALWAYS = hours.Calendar("always", "UTC", dict.fromkeys(range(7), ((0, 1440),)))

# Around these instants (UTC) the clocks of the zones change; Samoa skipped a whole day.
CHANGES = [
    ("America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 2, 18, 2, tzinfo=UTC)),
    ("Europe/Lisbon", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ("Europe/Lisbon", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ("Asia/Kolkata", datetime(2026, 1, 1, 0, tzinfo=UTC)),
]


@st.composite
def windows(draw: st.DrawFn) -> tuple[hours.Window, ...]:
    edges = sorted(draw(st.sets(st.integers(0, 48), max_size=6)))
    return tuple((a * 30, b * 30) for a, b in zip(edges[::2], edges[1::2], strict=False))


@st.composite
def cases(draw: st.DrawFn) -> tuple[hours.Calendar, datetime]:
    zone, change = draw(st.sampled_from(CHANGES))
    days = draw(st.dictionaries(st.integers(0, 6), windows(), min_size=1, max_size=7).filter(lambda d: any(d.values())))
    holidays = draw(st.frozensets(st.integers(-4, 8).map(lambda n: change.date() + timedelta(days=n)), max_size=3))
    calendar = hours.Calendar("drawn", zone, days, holidays, rolls=draw(st.booleans()))
    return calendar, change + timedelta(minutes=draw(st.integers(-4 * 1440, 1440)))


@settings(max_examples=150, deadline=None)
@given(cases(), st.integers(0, 5 * 1440))
def test_between_counts_the_minutes_the_wall_clock_calls_working(case, length):
    calendar, start = case
    worked = sum(works(calendar, start + timedelta(minutes=n)) for n in range(length))
    end = start + timedelta(minutes=length)
    assert hours.between(calendar, start, end) == timedelta(minutes=worked)
    assert hours.between(calendar, end, start) == -timedelta(minutes=worked)


@settings(max_examples=150, deadline=None)
@given(cases(), st.integers(0, 2000))
def test_add_ends_where_a_walk_by_minutes_ends(case, length):
    calendar, start = case
    at, worked = start, 0
    for _ in range(40 * 1440):
        if worked == length and (not calendar.rolls or works(calendar, at)):
            break
        worked += works(calendar, at)
        at += timedelta(minutes=1)
    else:
        return  # a thin calendar: the walk gave up, nothing to compare
    assert hours.add(calendar, start, length) == at


@settings(max_examples=100, deadline=None)
@given(cases())
def test_it_next_turns_where_the_wall_clock_says_so(case):
    calendar, start = case
    was, found = works(calendar, start), hours.next_turn(calendar, start)
    walked = next((start + timedelta(minutes=n) for n in range(1, 9 * 1440) if works(calendar, start + timedelta(minutes=n)) != was), None)
    assert found == walked or (walked is None and (found is None or found >= start + timedelta(days=9)))


def test_what_never_closes_never_turns():
    assert hours.next_turn(ALWAYS, datetime(2026, 12, 31, 23, 59, tzinfo=UTC)) is None


@settings(max_examples=200, deadline=None)
@given(cases(), st.integers(0, 10**10), st.integers(0, 10**7))
def test_what_was_added_lies_between_to_the_microsecond(case, length, drift):
    calendar, start = case
    exact, start = timedelta(microseconds=length), start + timedelta(microseconds=drift)
    due = hours.add(calendar, start, exact)
    assert hours.between(calendar, start, due) == exact
    assert due >= start


@settings(max_examples=100, deadline=None)
@given(cases(), st.lists(st.integers(-(10**9), 10**9), min_size=3, max_size=3))
def test_intervals_add_up_in_any_order(case, seconds):
    calendar, start = case
    a, b, c = (start + timedelta(seconds=n) for n in seconds)
    assert hours.between(calendar, a, b) + hours.between(calendar, b, c) == hours.between(calendar, a, c)


def test_random_cases_agree_with_a_count_of_every_minute_and_a_wrong_answer_is_found(monkeypatch):
    assert list(hours_oracle.differences(4000, seed=20261127)) == []
    exact = hours.between
    monkeypatch.setattr(hours, "between", lambda *case: exact(*case) + timedelta(microseconds=1))
    assert len(list(hours_oracle.differences(250, seed=1))) > 50


def test_the_oracle_itself_counts_what_anybody_can_count():
    day = hours_oracle.stretch(BUSINESS, datetime(2026, 11, 19, 3, tzinfo=UTC), days=4)  # Thursday, and Friday is a holiday
    assert day.worked[-1] == 480
    assert day.due(local(2026, 11, 19, 11, 30), timedelta(minutes=60)) == local(2026, 11, 19, 13, 30)
    assert day.due(local(2026, 11, 19, 17, 30), timedelta(minutes=31)) is None


def test_windows_may_touch_and_an_hour_that_is_repeated_counts_twice():
    touching = hours.Calendar("touching", "America/New_York", dict.fromkeys(range(7), ((0, 90), (90, 1440))), rolls=True)
    sunday = datetime(2026, 11, 1, 0, tzinfo=ZoneInfo("America/New_York"))
    assert hours.between(touching, sunday, sunday + timedelta(days=1)) == timedelta(hours=25)
    assert hours.add(touching, sunday, 90) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)  # no closing where two windows touch
    first, again = sunday.replace(hour=1, minute=30), sunday.replace(hour=1, minute=10, fold=1)
    assert hours.between(touching, first, again) == timedelta(minutes=40)
    assert hours.between(touching, again, first) == -timedelta(minutes=40)


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=SAO_PAULO)


def test_lunch_and_the_weekend_do_not_count():
    assert hours.add(BUSINESS, local(2026, 11, 13, 11, 30), 60) == local(2026, 11, 13, 13, 30)
    assert hours.add(BUSINESS, local(2026, 11, 13, 17, 0), 120) == local(2026, 11, 16, 10, 0)
    assert hours.between(BUSINESS, local(2026, 11, 14, 0, 0), local(2026, 11, 16, 0, 0)) == timedelta(0)


def test_a_holiday_moves_the_promised_date():
    assert hours.add(BUSINESS, local(2026, 11, 19, 17, 0), 120) == local(2026, 11, 23, 10, 0)


def test_a_deadline_on_closing_time_stays_or_rolls_by_the_setting():
    rolling = hours.Calendar("rolls", BUSINESS.zone, BUSINESS.windows, rolls=True)
    start = local(2026, 11, 9, 9, 0)
    assert hours.add(BUSINESS, start, 480) == local(2026, 11, 9, 18, 0)
    assert hours.add(rolling, start, 480) == local(2026, 11, 10, 9, 0)
    assert hours.add(BUSINESS, start, 180) == local(2026, 11, 9, 12, 0)
    assert hours.add(rolling, start, 180) == local(2026, 11, 9, 13, 0)


def test_adding_nothing_changes_nothing_or_rolls_to_the_next_opening():
    rolling = hours.Calendar("rolls", BUSINESS.zone, BUSINESS.windows, rolls=True)
    saturday = local(2026, 11, 14, 10, 0)
    assert hours.add(BUSINESS, saturday, 0) == saturday
    assert hours.add(rolling, saturday, 0) == local(2026, 11, 16, 9, 0)


def test_an_opening_is_open_and_a_closing_is_not():
    assert hours.is_open(BUSINESS, local(2026, 11, 13, 9, 0))
    assert not hours.is_open(BUSINESS, local(2026, 11, 13, 12, 0))
    assert not hours.is_open(BUSINESS, local(2026, 11, 20, 10, 0))


def test_sums_run_over_the_end_of_the_year():
    start = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert hours.add(ALWAYS, start, 3 * 366 * 1440) == start + timedelta(days=3 * 366)
    assert hours.between(ALWAYS, start, start + timedelta(days=900)) == timedelta(days=900)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("8h", 480), ("30m", 30), ("1d", 480), ("2d 4h", 1200), ("1h30m", 90), ("24h", 1440), (" 1 d ", 480)],
)
def test_a_target_is_read_in_the_words_of_the_calendar(text, minutes):
    assert hours.parse_target(text, BUSINESS) == minutes


def test_one_day_is_one_working_day_of_that_calendar():
    short_friday = hours.Calendar("short", "UTC", dict.fromkeys(range(4), OFFICE) | {4: ((540, 720),)})
    told = hours.Calendar("told", "UTC", short_friday.windows, day_minutes=450)
    assert hours.parse_target("1d", ALWAYS) == 1440
    assert hours.parse_target("1d", short_friday) == 480
    assert hours.parse_target("1d", told) == 450


@pytest.mark.parametrize("text", ["", "8", "h", "8 hours", "-1d", "1h 2d", "1d1d", "0h", "1.5h", "999999d"])
def test_what_is_no_length_of_time_is_refused(text):
    with pytest.raises(ValueError, match="length of working time"):
        hours.parse_target(text, BUSINESS)


@pytest.mark.parametrize(
    "days",
    [{}, {0: ()}, {7: ((0, 60),)}, {0: ((60, 60),)}, {0: ((60, 30),)}, {0: ((0, 60), (30, 90))}, {0: ((0, 1441),)}],
)
def test_a_calendar_that_makes_no_sense_is_refused(days):
    with pytest.raises(ValueError, match="calendar odd"):
        hours.Calendar("odd", "UTC", days)


def test_a_calendar_without_a_working_minute_says_so_instead_of_searching_for_ever():
    never = hours.Calendar(
        "never", "UTC", {0: ((540, 600),)}, frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(13 * 366))
    )
    with pytest.raises(ValueError, match="calendar never: no working time"):
        hours.add(never, datetime(2026, 1, 1, tzinfo=UTC), 60)


def test_a_naive_time_and_a_negative_length_are_refused():
    with pytest.raises(ValueError, match="zone"):
        hours.add(BUSINESS, datetime(2026, 1, 1), 60)  # noqa: DTZ001  (the point of the test)
    with pytest.raises(ValueError, match="negative"):
        hours.add(BUSINESS, datetime(2026, 1, 1, tzinfo=UTC), -1)


def test_a_process_computes_fifty_thousand_due_times_a_second():
    start = local(2026, 1, 2, 10, 7)
    starts = [start + timedelta(minutes=37 * n) for n in range(20_000)]
    hours.add(BUSINESS, start, 60)
    began = time.process_time()
    for at in starts:
        hours.add(BUSINESS, at, 2400)
    rate = len(starts) / (time.process_time() - began)
    assert rate > 50_000
