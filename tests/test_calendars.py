"""config/calendars.toml: what we ship is right, and what is wrong is told by name."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app import calendars
from app.rules import hours
from app.settings import ROOT

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def test_business_hours_are_the_office_in_sao_paulo_less_the_holidays():
    business = calendars.calendar("business")
    assert business.usual_day_minutes == 480
    friday = datetime(2026, 11, 20, 10, tzinfo=SAO_PAULO)  # Consciência Negra
    assert not hours.is_open(business, friday)
    assert hours.is_open(business, friday + timedelta(days=3))
    assert hours.between(business, friday.replace(day=16, hour=0), friday.replace(day=21)) == timedelta(hours=32)


def test_always_never_stops():
    always = calendars.calendar("always")
    start = datetime(2026, 12, 24, 20, tzinfo=SAO_PAULO)
    assert hours.between(always, start, start + timedelta(days=3)) == timedelta(days=3)


def test_the_settings_choose_the_calendar_of_promised_dates():
    assert calendars.calendar().name == "business"


def test_a_calendar_nobody_defined_is_named():
    with pytest.raises(calendars.CalendarFault, match="no calendar 'nights'; there are: business, always"):
        calendars.calendar("nights")


def load(tmp_path, words: str) -> dict[str, hours.Calendar]:
    (tmp_path / "calendars.toml").write_text(words, "utf-8")
    return calendars.load(tmp_path / "calendars.toml")


def test_every_key_is_read(tmp_path):
    read = load(
        tmp_path,
        '[x]\nzone = "Europe/Lisbon"\nholidays = "PT"\nown_days = [2026-12-24]\nmonday = ["22:00-24:00"]\n'
        'closing = "rolls"\nday = "7h 30m"\n',
    )["x"]
    assert (read.zone, read.rolls, read.usual_day_minutes) == ("Europe/Lisbon", True, 450)
    assert read.windows[0] == ((1320, 1440),)
    assert {date(2026, 12, 24), date(2026, 4, 25)} <= read.holidays


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("[x", "Expected"),
        ("x = 1", "unknown x"),
        ('[x]\nmoonday = ["09:00-12:00"]', "unknown moonday"),
        ('[x]\nmonday = ["9-12"]', 'monday has \'9-12\'; write windows as ["09:00-12:00"'),
        ('[x]\nmonday = ["12:00-09:00"]', "windows must follow each other"),
        ('[x]\nmonday = "09:00-12:00"', "write windows as"),
        ("[x]\nmonday = []", "no working window"),
        ('[x]\nzone = "Mars/Olympus"\nmonday = ["09:00-12:00"]', "Mars"),
        ('[x]\nholidays = "XX"\nmonday = ["09:00-12:00"]', "holidays 'XX' are not known"),
        ('[x]\nown_days = ["2026-12-24"]\nmonday = ["09:00-12:00"]', "dates without quotes"),
        ('[x]\nclosing = "moves"\nmonday = ["09:00-12:00"]', "allowed: stays, rolls"),
        ('[x]\nday = "long"\nmonday = ["09:00-12:00"]', "calendars.toml:2: [x] day is not a length"),
        ('[x]\nday = "1d"\nmonday = ["09:00-12:00"]', "in hours and minutes"),
        ("[a]\nmonday = ['09:00-12:00']\n\n[x]\n# no day\nmonday = 3", "calendars.toml:6: [x] monday has 3"),
        ('[x]\nmonday = ["22:00-06:00"]', "00:00-06:00"),
        ('[x]\nname = "Nights"\nmonday = ["22:00-24:00"]', "calendars.toml:2: [x] name and name_pt go together"),
    ],
)
def test_a_wrong_calendar_is_refused_with_its_name(tmp_path, words, told):
    with pytest.raises(calendars.CalendarFault) as refused:
        load(tmp_path, words)
    assert told in str(refused.value)
    assert "calendars.toml" in str(refused.value)


def test_the_file_we_ship_loads_whole():
    assert list(calendars.load(ROOT / "config" / "calendars.toml")) == ["business", "always"]
