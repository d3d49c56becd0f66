"""The limits up to which somebody may order without asking: what we ship, and what a wrong file says."""

from decimal import Decimal
from pathlib import Path

import pytest

from app import empowerment
from app.rules.catalog.costs import Price
from app.settings import ROOT


def load(tmp_path: Path, text: str) -> empowerment.Limits:
    (tmp_path / "empowerment.toml").write_text(text, "utf-8")
    return empowerment.load(tmp_path / "empowerment.toml")


def test_the_limits_we_ship_are_good_and_employees_have_none() -> None:
    shipped = empowerment.load(ROOT / "config" / "empowerment.toml")
    assert shipped.of({"employees"}) == 0
    assert shipped.of({"employees", "analyst"}) == Decimal("300.00")


def test_the_largest_limit_counts_and_only_in_its_currency(tmp_path: Path) -> None:
    limits = load(tmp_path, 'currency = "BRL"\n[limits]\nanalyst = "300.00"\n"team:identity" = "500"\n"department:IT" = "1"\n')
    belongs = {"employees", "analyst", "team:identity"}
    assert limits.of(belongs) == Decimal(500)
    assert limits.covers(Price(Decimal("500.00"), "BRL", "once"), belongs)
    assert not limits.covers(Price(Decimal("500.01"), "BRL", "once"), belongs)
    assert not limits.covers(Price(Decimal("1.00"), "USD", "once"), belongs)
    assert not limits.covers(Price(Decimal("0.01"), "BRL", "once"), {"employees"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("currency = ", "empowerment.toml"),
        ('currency = "R$"', "three letters"),
        ('currency = "BRL"\nlimit = 3', "unknown limit"),
        ('currency = "BRL"\nlimits = 3', "table of names"),
        ('currency = "BRL"\n[limits]\nanalist = "1"', "no role"),
        ('currency = "BRL"\n[limits]\nanalyst = 300', "in quotes"),
        ('currency = "BRL"\n[limits]\nanalyst = "-1"', "in quotes"),
    ],
)
def test_a_wrong_file_is_told_by_its_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(empowerment.EmpowermentFault, match=said.replace("[", r"\[")):
        load(tmp_path, text)


def test_no_file_means_no_limits(tmp_path: Path) -> None:
    assert empowerment._limits(tmp_path / "none.toml").of({"administrator"}) == 0
