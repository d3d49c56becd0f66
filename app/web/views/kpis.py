"""Reports: what happened, in numbers; each with its definition, a table of what is drawn, and the records behind it."""

from collections.abc import Mapping

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app import reports
from app.language import local
from app.queries import kpis, people
from app.queries.kpis import Question
from app.reports import Report, Theme
from app.reports import goals as goals_of
from app.rules.errors import NotFound
from app.rules.kpis import LABELS, By
from app.rules.words import t
from app.unit_of_work import UnitOfWork, unit_of_work
from app.web import goal_page, kpi_page, table_file
from app.web.current import me, now
from app.web.kpi_page import Chosen
from app.web.permission import permission
from app.web.preferences import current_language, zone
from app.web.shown import say

bp = Blueprint("kpis", __name__, url_prefix="/reports")


@bp.get("/")
@permission("report.view")
def index() -> ResponseReturnValue:
    """Show the headline of every report, beside that of the time before."""
    chosen, found = _chosen(None), reports.all_of_them()
    before, asked = chosen.scope.before, []
    for each in found.values():
        facts = each.facts(chosen.scope, now())
        asked += [Question(facts, (each.headline,), chosen.scope), Question(each.facts(before, now()), (each.headline,), before)]
        asked += [Question(facts, (each.headline,), chosen.scope, By.TIME)] if By.TIME in each.by else []
    with unit_of_work(me()) as uow:
        answers = iter(kpis.ask(uow.session, uow.actor, asked))
    cards = {}
    for key, each in found.items():
        (total,), (earlier,) = next(answers), next(answers)
        line = kpi_page.ordered(By.TIME, next(answers), chosen.scope) if By.TIME in each.by else []
        cards[key] = each, total, earlier, kpi_page.points(line, each.headline)
    return render_template("kpis/index.html", cards=cards, themes=Theme, chosen=chosen, periods=kpi_page.PERIODS)


@bp.get("/goals")
@permission("report.view")
def goals() -> ResponseReturnValue:
    """Show how the organisation's goals stand."""
    found, today = goals_of.goals(), local(now(), str(zone())).date()
    with unit_of_work(me()) as uow:
        asked = list(goal_page.questions(found, today, str(zone()), now()))
        answers = kpis.ask(uow.session, uow.actor, asked) if asked else []
    return render_template("kpis/goals.html", cards=list(goal_page.shown(found, answers, today)))


@bp.get("/<key>")
@permission("report.view")
def show(key: str) -> ResponseReturnValue:
    """Show one report: in total and by its parts, drawn and as a table."""
    report = _report(key)
    chosen = _chosen(report)
    with unit_of_work(me()) as uow:
        total, lines, earlier, others = _numbers(uow, report, chosen)
        name = kpi_page.namer(chosen.by, _teams(uow, chosen))
    drawn = kpi_page.chart(report, chosen, lines, others, name) if chosen.by and lines else ""
    return render_template(
        "kpis/show.html", report=report, chosen=chosen, total=total, lines=lines, earlier=earlier, others=others, name=name, drawn=drawn,
        by_label=LABELS[chosen.by] if chosen.by else "", by_options=[(each.value, LABELS[each]) for each in report.by],
        period_options=[*((key, words) for key, (_, words) in kpi_page.PERIODS.items()), (kpi_page.OWN, t("Days of my choice"))],
        periods=kpi_page.PERIODS, compared=kpi_page.COMPARED, counter=reports.all_of_them().get(report.counter),
    ), 422 if chosen.faults else 200  # fmt: skip


@bp.get("/<key>.csv")
@permission("report.view")
def export(key: str) -> ResponseReturnValue:
    """Give the table of a report as a file."""
    report = _report(key)
    chosen = _chosen(report)
    with unit_of_work(me()) as uow:
        total, lines, _, _ = _numbers(uow, report, chosen)
        name = kpi_page.namer(chosen.by, _teams(uow, chosen))
    head = [say(LABELS[chosen.by] if chosen.by else t("All")), say(report.rows), *(f"{say(each.label)} ({each.unit})" for each in report.measures)]
    rows = [(label, line) for label, line in ((say(t("All")), total), *((name(line.key), line) for line in lines))]
    table = ([label, line.volume, *(_cell(line.values.get(each.key)) for each in report.measures)] for label, line in rows)
    return table_file.csv_of(f"{report.key}-{chosen.first}-{chosen.last}", head, table)


@bp.get("/<key>/records")
@permission("report.view")
def records(key: str) -> ResponseReturnValue:
    """List the records behind a number."""
    report = _report(key)
    chosen = _chosen(report)
    part, only = request.args.get("part"), request.args.get("only", "")
    asked = Question(report.facts(chosen.scope, now()), report.measures, chosen.scope, chosen.by)
    with unit_of_work(me()) as uow:
        page, rows, count = kpis.records(uow.session, uow.actor, asked, part, only, request.args.get("page"))
        name = kpi_page.namer(chosen.by, _teams(uow, chosen))
    return render_template("kpis/records.html", report=report, chosen=chosen, page=page, rows=rows, count=count, part=part, only=only,
                           label=name(part) if part is not None else "")  # fmt: skip


def _report(key: str) -> Report:
    found = reports.all_of_them().get(key)
    if found is None:
        raise NotFound(key)
    return found


def _chosen(report: Report | None) -> Chosen:
    return kpi_page.chosen(request.args, local(now(), str(zone())), str(zone()), report.by if report else ())


def _numbers(uow: UnitOfWork, report: Report, chosen: Chosen) -> tuple[kpis.Line, list[kpis.Line], kpis.Line | None, Mapping[str, kpis.Line]]:
    """Return the numbers of all and of each part, and those of the stretch it is compared with; one statement."""
    facts = report.facts(chosen.scope, now())
    asked = [Question(facts, report.measures, chosen.scope)]
    asked += [Question(facts, report.measures, chosen.scope, chosen.by)] if chosen.by else []
    if (other := chosen.other) is not None:
        beside = report.facts(other, now())
        asked.append(Question(beside, report.measures, other))
        asked += [Question(beside, report.measures, other, chosen.by)] if chosen.by and chosen.by is not By.TIME else []
    found = kpis.ask(uow.session, uow.actor, asked)
    lines = kpi_page.ordered(chosen.by, found.pop(1), chosen.scope) if chosen.by else []
    earlier = found[1][0] if other is not None else None
    return found[0][0], lines, earlier, {line.key: line for line in found[2]} if len(found) > 2 else {}


def _teams(uow: UnitOfWork, chosen: Chosen) -> Mapping[str, str]:
    if chosen.by is not By.TEAM:
        return {}
    return {str(team.id): (team.name_pt if current_language() == "pt" else "") or team.name for team in people.team_names(uow.session)}


def _cell(value: float | None) -> str | None:
    return None if value is None else f"{value:.2f}".rstrip("0").rstrip(".")
