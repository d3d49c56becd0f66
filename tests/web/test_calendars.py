"""Working hours as pages that everybody may read."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from app import calendars
from app.web import calendar_page
from tests.web.pages import browser_of, counted


def test_everybody_sees_the_week_the_holidays_and_what_is_now(cast: str, application: Flask) -> None:
    ana = browser_of(application, "ana")
    with counted() as statements:
        listed = ana.get("/calendars/").text
    assert len(statements) <= 12
    assert "Horário comercial" in listed or "Office hours" in listed
    page = ana.get("/calendars/business", headers={"Accept-Language": "en"}).text
    assert page.count('class="week-open') == 10  # two windows on five days
    assert "09:00–12:00, 13:00–18:00" in page
    assert "America/Sao_Paulo" in page
    assert "stays at closing time" in page or "fica no fim" in page
    assert ana.get("/calendars/nights").status_code == 404
    assert "/calendars/" in browser_of(application, "bo").get("/services/").text
    assert ana.get("/calendars/always").text.count('class="week-open') == 7
    assert application.test_client().get("/calendars/").status_code in {302, 303, 401}


@pytest.mark.parametrize(("at", "is_open", "until"), [
    (datetime(2026, 11, 19, 15, 30, tzinfo=UTC), False, datetime(2026, 11, 19, 16, tzinfo=UTC)),  # lunch
    (datetime(2026, 11, 19, 20, tzinfo=UTC), True, datetime(2026, 11, 19, 21, tzinfo=UTC)),
    (datetime(2026, 11, 20, 15, tzinfo=UTC), False, datetime(2026, 11, 23, 12, tzinfo=UTC)),  # a holiday, then a weekend
])  # fmt: skip
def test_what_is_now_is_said_on_the_calendars_own_clock(application: Flask, at: datetime, is_open: bool, until: datetime) -> None:
    with application.test_request_context(headers={"Accept-Language": "en"}):
        found = calendar_page.view(calendars.calendar("business"), at)
        assert (found.is_open, found.turns_at) == (is_open, until)
        assert (found.holiday is not None) == (at.day == 20)
        off = calendar_page.days_off(found.calendar, 2026, at.date())
        assert [day.on.isoformat() for day in off if day.is_past][:2] == ["2026-01-01", "2026-04-03"]
        assert {day.counts for day in off} == {True, False}
