"""Promises to customers that were kept: SLA % = met / (met + breached) (domain.md 9)."""

from app.reports import Report, Theme, _promises
from app.rules.kpis import USUAL, By, How, Measure, Unit
from app.rules.sla import Type
from app.rules.words import t

REPORT = Report(
    key="sla-met", theme=Theme.PROMISES, title=t("Promises kept"), rows=t("clocks"), counter="reopenings",
    definition=(
        t("Met / (met + breached), over the clocks promised to customers (type sla in config/sla.toml)."),
        t("A clock counts when it was breached, or when it stopped in time. Cancelled clocks and those that still run in time are left out."),
    ),
    measures=(Measure("met", t("Met"), Unit.PERCENT, How.SHARE, "is_met", 1),),
    by=(By.CLOCK, *USUAL), facts=_promises.facts(Type.SLA), recount=_promises.recount(Type.SLA),
)  # fmt: skip
