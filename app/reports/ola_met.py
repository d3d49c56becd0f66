"""What teams and suppliers agreed that was kept."""

from app.reports import Report, Theme, _promises
from app.rules.kpis import USUAL, By, How, Measure, Unit
from app.rules.sla import Type
from app.rules.words import t

REPORT = Report(
    key="ola-met", theme=Theme.PROMISES, title=t("Agreements between teams kept"), rows=t("clocks"), counter="sla-met",
    definition=(
        t("Met / (met + breached), over the clocks agreed between teams and those of suppliers (types ola and underpinning in config/sla.toml)."),
        t("A clock counts when it was breached, or when it stopped in time. Cancelled clocks and those that still run in time are left out."),
    ),
    measures=(Measure("met", t("Met"), Unit.PERCENT, How.SHARE, "is_met", 1),),
    by=(By.CLOCK, *USUAL), facts=_promises.facts(Type.OLA, Type.UNDERPINNING), recount=_promises.recount(Type.OLA, Type.UNDERPINNING),
)  # fmt: skip
