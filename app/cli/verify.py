"""`desk verify`: are the books whole? Chains of events, anchors, and what must always hold (docs: operator)."""

import json
import sys

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The whole report for machines.")
@click.option("--reports", "with_reports", is_flag=True, help="Instead: compute every number of every report from events alone, and compare.")
def verify(as_json: bool, with_reports: bool) -> None:
    """Check every event, record, vote, step, mail and file; exit 1 names the first broken row."""
    if with_reports:
        sys.exit(_reports(as_json=as_json))
    from app.services import audit

    quiet = as_json or not sys.stderr.isatty()
    report = audit.verify(lambda what: None if quiet else click.echo(f"  checking {what} ...", err=True))
    if as_json:
        click.echo(json.dumps(audit.as_json(report), indent=2))
    else:
        for warning in report.warnings:
            click.secho(f"warning: {warning}", fg="yellow", err=True)
        for finding in report.findings[:20]:
            click.secho(f"{finding.row}: {finding.text} [{finding.invariant}]", fg="red")
        seen = report.checked
        if report.broken:
            click.secho(f"{report.broken} broken. Begin with the first: {report.findings[0].row}.", fg="red", bold=True)
        else:
            click.echo(f"Whole: {seen['events']} events, {seen['anchors']} anchors, {seen['requests']} requests, "
                       f"{seen['approvals']} approvals, {len(seen)} checks in {report.seconds:.1f} s.")  # fmt: skip
    if report.broken:
        sys.exit(1)


def _reports(*, as_json: bool) -> int:
    """Compare reports with events; return the exit code."""
    import time

    from sqlalchemy import text

    from app.reports import proof
    from app.unit_of_work import SYSTEM, unit_of_work

    began, quiet = time.monotonic(), as_json or not sys.stderr.isatty()

    def tell(count: int) -> None:
        if not quiet and not count % 1000:
            click.echo(f"  {count} records read ...", err=True)

    with unit_of_work(SYSTEM) as uow:
        uow.session.execute(text("set transaction isolation level repeatable read"))
        uow.session.execute(text("set local statement_timeout = 0"))
        found = proof.prove(uow.session, uow.now, tell)
    seconds = round(time.monotonic() - began, 1)
    if as_json:
        click.echo(json.dumps({"ok": not found.differences, "records": found.records, "lines": found.numbers, "different": len(found.differences),
                               "differences": found.differences[:100], "seconds": seconds}, indent=2))  # fmt: skip
    else:
        for line in found.differences[:20]:
            click.secho(line, fg="red")
        click.echo(f"{found.numbers} lines of reports over {found.records} records, {len(found.differences)} differ from their events ({seconds} s).")
    return 1 if found.differences else 0


commands: list[click.Command] = [verify]
