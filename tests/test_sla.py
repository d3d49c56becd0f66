"""config/sla.toml: what we ship is right, and what is wrong is told with its line and with what is allowed."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from app import calendars, config_files, escalations, sla
from app.rules.fulfilment import HOLD_REASONS
from app.rules.news import Quiet
from app.rules.sla import Agreement, Facts, pauses, target
from app.settings import ROOT, matrix
from app.sla import SlaFault
from tests.databases import forget_settings

REASONS = {*HOLD_REASONS, "caller"}
GOOD = '''[clocks.fix]
name = "Fix"
name_pt = "Reparo"
measures = "resolution"
type = "sla"
kinds = ["incident"]
start = ["opened"]
pause = ["on_hold:caller"]
stop = ["resolved"]
targets = [
    { priority = [1, 2], service = "mail", contract = "gold", target = "2h", calendar = "always" },
    { target = "1d 30m" },
]

[contracts.gold]
name = "Gold"
name_pt = "Ouro"
services = ["mail"]
pause = { fix = ["on_hold:vendor"] }
'''


def load(folder: Path, words: str) -> Agreement:
    (folder / "sla.toml").write_text(words, "utf-8")
    return sla.load(folder / "sla.toml", calendars.all_of_them(), REASONS)


def test_what_we_ship_has_every_clock_and_each_fits_its_records() -> None:
    shipped = {each.key: each for each in sla.agreement().definitions}
    assert list(shipped) == ["first_response", "next_response", "resolution", "fulfilment", "approval", "team", "root_cause"]
    assert shipped["first_response"].name.to("pt") == "Primeira resposta"
    first, slow = (target(shipped["resolution"], Facts("incident", priority)) for priority in (1, 5))
    assert first is not None
    assert slow is not None
    assert (first.minutes, first.calendar.name, slow.minutes, slow.calendar.name) == (240, "always", 5 * 480, "business")
    item = target(shipped["fulfilment"], facts := Facts("item", item="vpn", item_target="1d 2h"))
    assert item is not None
    assert item.length(facts) == 600
    assert target(shipped["fulfilment"], Facts("item")) is None  # the catalogue promises nothing
    assert shipped["resolution"].goes_on
    assert not shipped["first_response"].goes_on


def test_the_first_target_that_fits_is_taken_and_a_contract_adds_its_pauses(tmp_path: Path) -> None:
    agreed = load(tmp_path, GOOD)
    [fix] = agreed.definitions
    mail, other = Facts("incident", 2, frozenset({"mail", "pc-7"})), Facts("incident", 2, frozenset({"pc-7"}))
    gold = agreed.contract(mail)
    assert gold is not None
    assert agreed.contract(other) is None
    assert [getattr(target(fix, *each), "minutes", 0) for each in ((mail, gold), (mail, None), (other, None))] == [120, 510, 510]
    assert pauses(fix, gold) == {"on_hold:caller", "on_hold:vendor"}
    assert pauses(fix, None) == {"on_hold:caller"}


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("[clocks.fix]", "[clocks.fix", "sla.toml:1: "),
        ("[contracts.gold]", "[contract.gold]", "allowed: [clocks.<key>], [contracts.<key>]"),
        ('name_pt = "Reparo"\n', "", "sla.toml:1: [clocks.fix] needs name and name_pt"),
        ('"resolution"', '"fixing"', "sla.toml:4: [clocks.fix] measures is 'fixing'; allowed: first_response"),
        ('"sla"', '"xla"', "sla.toml:5: [clocks.fix] type is 'xla'; allowed: sla, ola, underpinning"),
        ('type = "sla"\n', "", "type is missing; allowed: sla"),
        ('["incident"]', '["incidents"]', "sla.toml:6: [clocks.fix] kinds is ['incidents']; write a list of: change, incident"),
        ('start = ["opened"]', 'start = "opened"', "sla.toml:7: [clocks.fix] start has 'opened'; write a list of: caller_wrote, given, opened, new"),
        ('start = ["opened"]', "", "start is missing; allowed: caller_wrote"),
        ('["opened"]', '["given"]', 'start = ["given"] and each = "team" go together'),
        ("on_hold:caller", "on_hold:calller", "sla.toml:8: [clocks.fix] pause has 'on_hold:calller'"),
        ("on_hold:caller", "replied", "pause has 'replied'"),
        ("on_hold:caller", "resolved:caller", "pause has 'resolved:caller'"),
        ('stop = ["resolved"]', 'stop = ["fulfilled"]', "sla.toml:9: [clocks.fix] stop has 'fulfilled'"),
        ('stop = ["resolved"]', 'stop = ["resolved"]\ngoes_on = 1', "goes_on is 1; allowed: true, false"),
        ('stop = ["resolved"]', 'stop = ["resolved"]\nthresholds = [75, 50]', "in rising order"),
        ('stop = ["resolved"]', 'stop = ["resolved"]\ncalendar = "nights"', "there is no calendar 'nights'; there are: business, always"),
        ('stop = ["resolved"]', 'stop = ["resolved"]\nstops = []', "sla.toml:10: [clocks.fix] unknown stops; allowed: calendar, cancel"),
        ("[1, 2]", "[1, 7]", "sla.toml:11: [clocks.fix] target 1: priority is 7; allowed: 1, 2, 3, 4, 5"),
        ('contract = "gold"', 'contract = "silver"', "contract is 'silver'; allowed: gold"),
        ('service = "mail"', "service = []", "service is empty; leave it out"),
        ('service = "mail"', 'services = "mail"', "target 1: unknown services; allowed: calendar, contract"),
        ('"1d 30m"', '"soon"', "sla.toml:12: [clocks.fix] target 2: target is 'soon'; write working time such as"),
        ('"1d 30m"', '"item"', "target is 'item'; write working time"),
        ('services = ["mail"]', "services = []", "services must be a list of keys"),
        ("{ fix = ", "{ fixx = ", "pause names the clocks that pause at more: fix; not fixx"),
        ('["on_hold:vendor"]', '["on_hold:nobody"]', "sla.toml:19: [contracts.gold] pause has 'on_hold:nobody'"),
    ],
)
def test_a_wrong_file_says_where_and_what_is_allowed(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert old in GOOD
    with pytest.raises(SlaFault) as refused:
        load(tmp_path, GOOD.replace(old, new, 1))
    assert fault in str(refused.value)


def test_no_desk_starts_with_a_file_it_cannot_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert config_files.faults() == []
    for file in (ROOT / "config").glob("*.toml"):
        (tmp_path / file.name).write_text(file.read_text("utf-8"), "utf-8")
    with monkeypatch.context() as own:
        own.setenv("DESK_CONFIG_DIR", str(tmp_path))
        forget_settings()
        (tmp_path / "sla.toml").write_text(GOOD.replace("2h", "soon"), "utf-8")
        (tmp_path / "priorities.toml").write_text("[matrix]\n", "utf-8")
        found = config_files.faults()
        (tmp_path / "sla.toml").unlink()
        assert len(config_files.faults()) == 1  # without the file there are no clocks
    forget_settings()
    assert len(found) == 2
    assert "sla.toml:11" in found[1]


LADDER = """[[ladders]]
clock = "resolution"
{0}
[[ladders.steps]]
at = 50
tell = ["assignee", "team:network", "role:analyst"]

[[ladders.steps]]
at = 100
after = "2h"
raise = "priority"
"""


@pytest.mark.parametrize(("old", "new", "line", "words"), [
    ('clock = "resolution"', 'clock = "repair"', 2, "ladder 1: clock is 'repair'; config/sla.toml has: first_response, "),
    ("at = 50", "at = 60", 5, "ladder 1 step 1: at is 60; the thresholds of resolution in config/sla.toml are: 50, 75, 100"),
    ('after = "2h"', 'after = ""', None, None),
    ('after = "2h"', 'after = "soon"', 10, "ladder 1 step 2: after is 'soon'; write working time such as"),
    ('"team:network"', '"network"', 6, "ladder 1 step 1: tell has 'network'; write a list of: assignee, team, lead, manager, team:<key>, role:"),
    ('raise = "priority"', 'raise = "urgency"', 11, "ladder 1 step 2: raise is 'urgency'; allowed: priority, tier"),
    ('raise = "priority"', 'reassign = "network"', 11, "ladder 1 step 2: reassign is 'network'; allowed: lead, team:<key>"),
    ('clock = "resolution"', 'clock = "fulfilment"', 11, "raise is for clocks of incidents only; fulfilment runs on: item"),
    ('raise = "priority"', "", 8, "ladder 1 step 2: does nothing; write tell, raise, reassign or propose_major"),
    ("{0}", "priority = 7", 3, "ladder 1: priority is 7; allowed: 1, 2, 3, 4, 5"),
    ("{0}", "colour = 1", 3, "ladder 1: unknown colour; allowed: clock, item, kind, priority, service, steps"),
    ("[[ladders]]", 'tiers = ["network"]\n[[ladders]]', 1, "tiers is a list of chains of teams"),
    ("[[ladders]]", '[quiet]\nfrom = "8 pm"\nuntil = "07:00"\n[[ladders]]', 2, "from is '8 pm'; write a time of day such as"),
])  # fmt: skip
def test_a_ladder_that_cannot_be_climbed_is_refused_with_its_line_and_what_is_allowed(tmp_path: Path, old: str, new: str, line: int | None, words: str | None) -> None:
    forget_settings()
    file = tmp_path / "escalations.toml"
    file.write_text(LADDER.replace(old, new, 1).replace("{0}", ""), "utf-8")
    if words is None:
        assert len(escalations.load(file, sla.agreement(), matrix().roles).ladders[0].steps) == 2
        return
    with pytest.raises(escalations.EscalationFault) as fault:
        escalations.load(file, sla.agreement(), matrix().roles)
    assert str(fault.value).startswith(f"escalations.toml:{line}: ")
    assert words in str(fault.value)


def test_mail_waits_until_the_readers_own_night_is_over() -> None:
    quiet = Quiet(time(20), time(7))
    evening = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)  # 20:30 in São Paulo, 8:30 in Tokyo
    assert quiet.over_at(evening, "America/Sao_Paulo") == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert quiet.over_at(evening + timedelta(hours=5), "America/Sao_Paulo") == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert quiet.over_at(evening, "Asia/Tokyo") is None
    friday = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)
    assert quiet.over_at(friday, "America/Sao_Paulo") == datetime(2026, 11, 28, 10, tzinfo=UTC)
    assert Quiet(time(20), time(7), weekends=True).over_at(friday, "America/Sao_Paulo") == datetime(2026, 11, 30, 10, tzinfo=UTC)  # Monday
    only_weekends = Quiet(time(0), time(0), weekends=True)
    assert only_weekends.over_at(friday, "America/Sao_Paulo") is None
    assert only_weekends.over_at(friday + timedelta(days=1), "America/Sao_Paulo") == datetime(2026, 11, 30, 3, tzinfo=UTC)
    night = Quiet(time(1), time(6))  # the night in which New York has 1:00 to 2:00 twice
    assert night.over_at(datetime(2026, 11, 1, 5, 30, tzinfo=UTC), "America/New_York") == datetime(2026, 11, 1, 11, tzinfo=UTC)
