"""`desk verify`: are the books whole? Chains of events, anchors, and what must always hold (docs: operator)."""

import json
import sys

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The whole report for machines.")
def verify(as_json: bool) -> None:
    """Check every event, record, vote, step, mail and file; exit 1 names the first broken row."""
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


commands: list[click.Command] = [verify]
