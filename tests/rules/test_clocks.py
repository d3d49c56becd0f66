"""Clocks: examples worked by hand on the definitions we ship, and histories drawn at random against a count of every minute.

November 2026 in São Paulo, 9 to 12 and 13 to 18: the 16th is a Monday, Friday the 20th a holiday.
"""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app import sla
from app.rules import clocks, hours_oracle, situations
from app.rules.catalog.items import Translated
from app.rules.clock_rounds import NO_TARGET, State
from app.rules.clocks import Clock
from app.rules.situations import By, History, Told
from app.rules.sla import Agreement, Contract, Definition, Each, Facts, Measure, Target, Type

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
HOUR = timedelta(hours=1)
NAMED = Translated({"en": "x", "pt": "x"})
WORKING, WAITS, RESOLVED = {"state": "in_progress"}, {"state": "on_hold", "hold_reason": "caller"}, {"state": "resolved"}


def on(day: int, clock: str = "09:00") -> datetime:
    return datetime.fromisoformat(f"2026-11-{day:02d}T{clock}").replace(tzinfo=SAO_PAULO)


def told(*events: tuple[datetime, str, By, dict[str, Any]], opened: datetime, facts: Facts | None = None, born: str = "new") -> History:
    facts = facts or Facts("incident")
    birth = Told(0, opened, f"{facts.kind}.create", By.CALLER, {"state": born, "priority": 3, "team": 1})
    return History(opened, facts, [birth, *(Told(n, at, f"{facts.kind}.{action}", by, after) for n, (at, action, by, after) in enumerate(events, 1))], born)


def all_of(history: History, now: datetime, agreement: Agreement | None = None) -> dict[str, list[Clock]]:
    found: dict[str, list[Clock]] = {}
    for clock in clocks.clocks(agreement or sla.agreement(), history, now):
        found.setdefault(clock.key, []).append(clock)
    return found


def one(history: History, key: str, now: datetime, agreement: Agreement | None = None) -> Clock:
    [clock] = all_of(history, now, agreement)[key]
    return clock


def announced(clock: Clock) -> list[bool]:
    """Say of each half, three quarters and whole of it whether anybody hears of it."""
    return [clock.is_announced(at) for percent in (50, 75, 100) if (at := clock.reached(percent)) is not None]


def test_working_time_spent_on_hold_moves_the_due_time_and_reopening_goes_on_with_the_same_clock() -> None:
    events = [
        (on(18, "16:10"), "start", By.DESK, WORKING), (on(19, "10:00"), "hold", By.DESK, WAITS), (on(23, "11:00"), "resume", By.CALLER, WORKING),
        (on(23, "17:00"), "resolve", By.DESK, RESOLVED), (on(25), "reopen", By.CALLER, WORKING), (on(25, "19:00"), "resolve", By.DESK, RESOLVED),
    ]  # fmt: skip
    opened = on(18, "16:00")
    waiting = one(told(*events[:2], opened=opened), "resolution", on(20))
    assert (waiting.state, waiting.why, waiting.due, waiting.left) == (State.PAUSED, "on_hold:caller", None, 13 * HOUR)
    assert waiting.due_if_resumed(on(23, "11:00")) == on(24, "17:00")
    assert waiting.reached(100) is None
    goes_on = one(told(*events[:3], opened=opened), "resolution", on(23, "12:30"))
    assert (goes_on.first_due, goes_on.due) == (on(23, "16:00"), on(24, "17:00"))  # nine working hours later
    assert [goes_on.reached(percent) for percent in (50, 75, 100)] == [on(23, "17:00"), on(24, "12:00"), on(24, "17:00")]
    assert [(each.state, each.why, each.event, each.worked) for each in goes_on.stretches] == [
        (State.RUNNING, "opened", 0, 3 * HOUR), (State.PAUSED, "on_hold:caller", 2, 9 * HOUR), (State.RUNNING, "in_progress", 3, HOUR),
    ]  # fmt: skip
    met = one(told(*events[:4], opened=opened), "resolution", on(24, "12:00"))
    assert (met.state, met.stopped_at, met.worked, met.wall) == (State.COMPLETED, on(23, "17:00"), 8 * HOUR, 24 * HOUR)
    assert (met.due, met.breached_at) == (on(25, "09:00").replace(day=24, hour=17), None)
    again = one(told(*events[:5], opened=opened), "resolution", on(25, "18:00"))
    assert (again.started_at, again.due, again.left, again.breached_at) == (opened, on(25, "18:00"), 0 * HOUR, None)
    late = one(told(*events, opened=opened), "resolution", on(26))
    assert (late.state, late.due, late.breached_at, late.worked) == (State.COMPLETED, on(25, "18:00"), on(25, "18:00"), 16 * HOUR)
    assert [each.state for each in late.stretches].count(State.COMPLETED) == 2


def test_what_is_used_up_when_a_pause_begins_is_due_when_it_goes_on() -> None:
    events = [(on(18, "18:00"), "hold", By.DESK, WAITS), (on(19, "11:00"), "resume", By.CALLER, WORKING)]
    opened = on(17)
    waiting = one(told(*events[:1], opened=opened), "resolution", on(19))
    assert (waiting.left, waiting.due, waiting.breached_at, waiting.due_if_resumed(on(19, "11:00"))) == (0 * HOUR, None, None, on(19, "11:00"))
    over = one(told(*events, opened=opened), "resolution", on(19, "11:30"))
    assert (over.due, over.breached_at, over.left) == (on(19, "11:00"), on(19, "11:00"), -0.5 * HOUR)
    met = one(told(events[0], (on(19, "10:00"), "resolve", By.DESK, RESOLVED), opened=opened), "resolution", on(23))
    assert (met.state, met.breached_at, met.worked) == (State.COMPLETED, None, 16 * HOUR)
    overnight = one(told((on(18, "20:00"), "resolve", By.DESK, RESOLVED), opened=opened), "resolution", on(23))
    assert (overnight.due, overnight.breached_at) == (on(18, "18:00"), on(18, "18:00"))  # after closing time is after the deadline


def test_only_what_the_desk_writes_to_the_caller_stops_a_response() -> None:
    events = [
        (on(17, "09:10"), "note", By.DESK, {}), (on(17, "09:20"), "reply", By.SYSTEM, {}), (on(17, "09:25"), "reply", By.OTHER, {}),
        (on(17, "09:30"), "reply", By.CALLER, {}), (on(17, "10:30"), "reply", By.DESK, {}), (on(17, "11:00"), "reply", By.CALLER, {}),
        (on(17, "11:30"), "reply", By.CALLER, {}), (on(17, "11:40"), "note", By.DESK, {}), (on(17, "14:00"), "call", By.DESK, {}),
        (on(17, "15:00"), "reply", By.CALLER, {}), (on(17, "16:00"), "resolve", By.DESK, RESOLVED), (on(17, "16:30"), "reply", By.CALLER, {}),
        (on(17, "17:00"), "reopen", By.CALLER, WORKING),
    ]  # fmt: skip
    silent = all_of(told(*events[:4], opened=on(17)), on(17, "10:00"))
    assert silent["first_response"][0].state is State.RUNNING
    assert silent["first_response"][0].due == on(17, "11:00")
    assert "next_response" not in silent
    found = all_of(told(*events, opened=on(17)), on(17, "17:30"))
    [first] = found["first_response"]
    assert (first.state, first.why, first.stretches[-1].event, first.worked, first.breached_at) == (State.COMPLETED, "replied", 5, 1.5 * HOUR, None)
    seen = [(each.round, each.started_at, each.state, each.why, each.worked) for each in found["next_response"]]
    assert seen == [
        (1, on(17, "11:00"), State.COMPLETED, "called", 2 * HOUR), (2, on(17, "15:00"), State.COMPLETED, "resolved", HOUR),
        (3, on(17, "17:00"), State.RUNNING, "caller_wrote", 0.5 * HOUR),
    ]  # fmt: skip
    asked = one(told((on(17, "09:40"), "hold", By.DESK, WAITS), opened=on(17)), "first_response", on(18))
    assert (asked.state, asked.why) == (State.COMPLETED, "replied")  # what it needs was said to the caller


def test_a_step_that_was_taken_back_at_once_never_was() -> None:
    events = [(on(17, "10:00"), "resolve", By.DESK, RESOLVED), (on(17, "10:00").replace(second=8), "undo", By.DESK, {**WORKING, "undone": 1})]
    found = all_of(told(*events, opened=on(17)), on(17, "11:00"))
    assert {(key, each[0].state, each[0].worked) for key, each in found.items()} == {
        ("first_response", State.RUNNING, 2 * HOUR), ("resolution", State.RUNNING, 2 * HOUR), ("team", State.RUNNING, 2 * HOUR)}  # fmt: skip
    asked = told((on(17, "10:00"), "hold", By.DESK, WAITS), (on(17, "10:00").replace(second=8), "undo", By.DESK, {**WORKING, "undone": 1}), opened=on(17))
    assert one(asked, "first_response", on(17, "11:00")).state is State.RUNNING


def test_a_higher_priority_counts_from_the_first_contact_and_announces_nothing_that_is_past() -> None:
    raised = told((on(18, "10:00"), "change", By.DESK, {"priority": 1}), opened=on(16, "10:00"))
    now_ = on(18, "10:01")
    first = one(raised, "resolution", now_)
    assert (first.started_at, first.attached_at, first.target) == (on(16, "10:00"), on(18, "10:00"), 4 * HOUR)
    assert (first.due, first.breached_at, first.first_due) == (on(16, "14:00"), on(18, "10:00"), on(18, "10:00"))
    assert announced(first) == [False, False, False]
    second = one(told((on(17, "16:00"), "change", By.DESK, {"priority": 2}), opened=on(17)), "resolution", on(17, "16:30"))
    assert announced(second) == [False, False, True]
    assert (second.reached(100), second.due) == (on(17, "18:00"), on(17, "18:00"))
    fresh = replace(sla.agreement(), definitions=tuple(replace(each, retroactive=False) for each in sla.agreement().definitions))
    from_now = one(raised, "resolution", now_, fresh)
    assert (from_now.started_at, from_now.due, from_now.breached_at) == (on(18, "10:00"), on(18, "14:00"), None)
    assert all(announced(from_now))
    lowered = one(told((on(17, "09:30"), "change", By.DESK, {"priority": 5}), opened=on(17)), "resolution", on(17, "10:00"))
    assert (lowered.target, lowered.first_due) == (40 * HOUR, on(18, "18:00"))


def test_each_team_has_a_clock_that_goes_on_when_it_gets_the_record_back() -> None:
    events = [(on(17, "11:00"), "hand_over", By.DESK, {"team": 2}), (on(17, "15:00"), "hand_over", By.DESK, {"team": 1}), (on(17, "16:00"), "resolve", By.DESK, RESOLVED)]
    away = all_of(told(*events[:1], opened=on(17)), on(17, "12:00"))
    assert [(each.team, each.state, each.why) for each in away["team"]] == [(1, State.COMPLETED, "left"), (2, State.RUNNING, "given")]
    found = all_of(told(*events, opened=on(17)), on(18))
    assert [(each.team, each.state, each.why, each.worked) for each in found["team"]] == [
        (1, State.COMPLETED, "resolved", 3 * HOUR), (2, State.COMPLETED, "left", 3 * HOUR)]  # fmt: skip
    [whole] = found["resolution"]
    assert [(each.team, each.worked) for each in whole.segments] == [(1, 3 * HOUR), (2, 3 * HOUR)]
    assert whole.worked == 6 * HOUR
    assert whole.started_at == on(17)


def test_a_supplier_pauses_only_where_a_contract_says_so_and_what_no_target_fits_is_canceled() -> None:
    gold = Contract("gold", NAMED, frozenset({"mail"}), {"resolution": frozenset({"on_hold:vendor"})})
    agreed = replace(sla.agreement(), contracts=(gold,))
    held = (on(17, "11:00"), "hold", By.DESK, {"state": "on_hold", "hold_reason": "vendor"})
    about = (on(17, "10:00"), "change", By.DESK, {"cis": ["mail", "pc-1"]})
    assert one(told(held, opened=on(17)), "resolution", on(18), agreed).state is State.RUNNING
    paused = one(told(about, held, opened=on(17)), "resolution", on(18), agreed)
    assert (paused.state, paused.why, paused.worked) == (State.PAUSED, "on_hold:vendor", 2 * HOUR)
    only = replace(agreed, definitions=tuple(replace(each, targets=each.targets[:3]) for each in agreed.definitions))
    gone = told((on(17, "11:00"), "change", By.DESK, {"priority": 5}), (on(17, "15:00"), "note", By.DESK, {}), held, opened=on(17))
    none = one(gone, "resolution", on(18), only)
    assert (none.state, none.why, none.stopped_at, none.worked) == (State.CANCELED, NO_TARGET, on(17, "11:00"), 2 * HOUR)
    back = told((on(17, "11:00"), "change", By.DESK, {"priority": 5}), (on(17, "14:00"), "change", By.DESK, {"priority": 2}), opened=on(17))
    assert one(back, "resolution", on(17, "15:00"), only).worked == 5 * HOUR
    over = all_of(told((on(17, "10:00"), "cancel", By.DESK, {"state": "canceled"}), opened=on(17)), on(19))
    assert {(clocks_[0].state, clocks_[0].why) for clocks_ in over.values()} == {(State.CANCELED, "canceled")}
    assert over["first_response"][0].breached_at is None


def test_an_item_is_due_as_the_catalogue_promises_and_each_question_has_its_own_clock() -> None:
    facts = Facts("item", item="vpn", item_target="8h")
    events = [
        (on(16, "10:05"), "ask", By.SYSTEM, {"state": "awaiting_approval"}), (on(16, "15:00"), "approve", By.OTHER, {"state": "approved"}),
        (on(16, "15:01"), "start", By.SYSTEM, {"state": "fulfilling"}), (on(17, "10:00"), "hold", By.DESK, {"state": "on_hold", "hold_reason": "requester"}),
        (on(17, "12:00"), "resume", By.DESK, {"state": "fulfilling"}), (on(17, "14:00"), "drift", By.SYSTEM, {"state": "awaiting_approval"}),
        (on(17, "15:00"), "approve", By.OTHER, {"state": "approved"}), (on(17, "16:00"), "fulfil", By.SYSTEM, {"state": "fulfilled"}),
        (on(17, "16:30"), "reopen", By.SYSTEM, {"state": "fulfilling"}),
    ]  # fmt: skip
    found = all_of(told(*events, opened=on(16, "10:00"), facts=facts, born="requested"), on(17, "17:00"))
    [done] = found["fulfilment"]
    assert (done.started_at, done.first_due, done.due, done.state) == (on(16, "15:00"), on(17, "15:00"), on(17, "17:30"), State.RUNNING)
    assert [(each.round, each.worked, each.why) for each in found["approval"]] == [(1, (3 + 55 / 60) * HOUR, "left"), (2, HOUR, "left")]
    from_order = [replace(each, targets=tuple(replace(target, start=frozenset({"requested"})) for target in each.targets)) for each in sla.agreement().definitions]
    ordered = one(told(*events, opened=on(16, "10:00"), facts=facts, born="requested"), "fulfilment", on(17), Agreement(tuple(from_order)))
    assert (ordered.started_at, ordered.why) == (on(16, "10:00"), "fulfilling")


def test_what_would_be_if_it_paused_now_is_said_without_touching_it() -> None:
    history = told((on(17, "11:00"), "start", By.DESK, WORKING), opened=on(17))
    [_, paused, _] = clocks.if_paused(sla.agreement(), situations.situations(history), on(17, "14:00"))
    assert (paused.key, paused.state, paused.why, paused.left) == ("resolution", State.PAUSED, clocks.WHAT_IF, 12 * HOUR)
    assert paused.due_if_resumed(on(18)) == on(19, "14:00")
    assert one(history, "resolution", on(17, "14:00")).due == on(18, "18:00")


def drawn(chance: random.Random, found: hours_oracle.Stretch) -> tuple[Agreement, History, datetime]:
    """Draw a definition and a history on the first ten days of a calendar."""
    at = sorted(found.begin + timedelta(minutes=chance.randrange(1, 14_400)) for _ in range(chance.randint(1, 12)))
    if chance.random() < 0.5:
        at = [each.replace(minute=0) if each.replace(minute=0) > found.begin else each for each in at]
    events = [Told(n, each, "incident.move", By.DESK, {**chance.choice((WORKING, WAITS, RESOLVED)), "team": chance.randint(1, 3)}) for n, each in enumerate(at, 1)]
    birth = Told(0, found.begin, "incident.create", By.CALLER, {"state": "new", "team": 1})
    target = Target(found.calendar, chance.choice((30, 60, 240, 480, chance.randint(1, 3000))))
    definition = Definition(
        "fix", NAMED, Measure.RESOLUTION, Type.SLA, frozenset({"incident"}), frozenset({"opened"}), frozenset({"resolved"}), (target,),
        pause=frozenset({"on_hold:caller"}), each=Each.RECORD, goes_on=True,
    )  # fmt: skip
    now = found.begin + timedelta(minutes=chance.randrange(1, 16_000))
    return Agreement((definition,)), History(found.begin, Facts("incident"), [birth, *(each for each in events if each.at <= now)]), now


@pytest.mark.parametrize("seed", range(12))
def test_clocks_agree_with_a_count_of_every_minute(seed: int) -> None:
    chance = random.Random(seed)
    found = hours_oracle.drawn(chance)
    for _ in range(30):
        agreed, history, now = drawn(chance, found)
        [clock] = clocks.clocks(agreed, history, now)
        minutes = int((now - found.begin) / hours_oracle.MINUTE)
        worked, paused, wall, due, by_team = 0, 0, 0, None, {1: 0, 2: 0, 3: 0}
        position, state, team = 0, "new", 1
        for minute in range(minutes):
            at = found.begin + minute * hours_oracle.MINUTE
            while position < len(history.told) and history.told[position].at <= at:
                state, team = history.told[position].after["state"], history.told[position].after["team"]
                position += 1
            if state in {"new", "in_progress"}:
                if due is None and worked >= agreed.definitions[0].targets[0].minutes and (found.open[minute] or not found.calendar.rolls):
                    due = at
                worked, wall = worked + found.open[minute], wall + 1
                by_team[team] += found.open[minute]
            elif state == "on_hold":
                paused += found.open[minute]
        label = f"seed {seed}: {history} at {now}"
        assert (clock.worked, clock.wall) == (timedelta(minutes=worked), timedelta(minutes=wall)), label
        assert sum((each.worked for each in clock.stretches if each.state is State.PAUSED), timedelta()) == timedelta(minutes=paused), label
        assert {each.team: each.worked for each in clock.segments if each.worked} == {team: timedelta(minutes=n) for team, n in by_team.items() if n}, label
        assert clock.breached_at == due, label
        if clock.state is State.RUNNING and due is None and clock.left > timedelta():
            expected = found.due(now, clock.left)
            assert expected is None or clock.due == expected, label
