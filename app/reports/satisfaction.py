"""What people say of how it went (domain.md 9, CSAT and NPS)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, select

from app.models.records import Record
from app.models.surveys import Survey
from app.queries.stories import Story
from app.reports import Report, Row, Theme
from app.reports._columns import INCIDENT, SPLITS
from app.rules.kpis import USUAL, How, Measure, Scope, Unit
from app.rules.surveys import GOOD, nps_points
from app.rules.words import t


def _facts(scope: Scope, now: datetime) -> Select[*tuple[Any, ...]]:
    points = case((Survey.nps >= 9, 100), (Survey.nps <= 6, -100), (Survey.nps.is_not(None), 0))
    query = select(Record.id.label("record_id"), Survey.sent_at.label("at"), *SPLITS, (Survey.csat >= GOOD).label("is_good"), points.label("points"),
                   Survey.answered_at.is_not(None).label("is_answered"))  # fmt: skip
    query = query.select_from(Survey).join(Record, Record.id == Survey.record_id).outerjoin(INCIDENT, INCIDENT.c.id == Record.id)
    return query.where(Survey.sent_at >= scope.start, Survey.sent_at < scope.end)


def _recount(story: Story, scope: Scope, now: datetime) -> Iterator[Row]:
    at, said = story.asked_at, story.answer
    if at is not None and scope.start <= at < scope.end:
        nps = said["nps"] if said else None
        yield {"at": at, **story.splits(), "is_good": said["csat"] >= GOOD if said else None, "is_answered": said is not None,
               "points": nps_points(nps) if nps is not None else None}  # fmt: skip


REPORT = Report(
    key="satisfaction", theme=Theme.QUALITY, title=t("Satisfaction"), rows=t("surveys sent"), counter="first-contact",
    definition=(
        t("CSAT: the share of answers that say good or very good (4 or 5 of 5). NPS: the share of answers with 9 or 10 less that of 0 to 6; it lies between -100 and 100."),
        t("A survey counts when it was sent; what was not answered counts only in the share of answers."),
    ),
    measures=(
        Measure("csat", t("Satisfied (CSAT)"), Unit.PERCENT, How.SHARE, "is_good", 1), Measure("nps", t("Recommendation (NPS)"), Unit.POINTS, How.MEAN, "points", 1),
        Measure("answered", t("Answered"), Unit.PERCENT, How.SHARE, "is_answered", 1),
    ),
    by=USUAL, facts=_facts, recount=_recount,
)  # fmt: skip
