"""`desk scenario access`: the main job from order to directory, on PostgreSQL, Prefect, slapd and SMTP."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from app.directory import sync
from app.models.directory import DirectoryGroup, GroupOwner
from app.models.people import Person
from app.platform import ports
from app.platform.slapd import Slapd
from app.platform.slapd_audit import membership_changes
from app.services import audit, people
from app.settings import ROOT
from app.unit_of_work import SYSTEM, unit_of_work
from flows.cli import doing
from flows.cli.installation import demonstration, until
from flows.cli.membership import ENDED, members


@dataclass(frozen=True)
class Story:
    """Who orders what; `notes` say what the company's own tree did not have."""

    person: str
    group: str
    notes: tuple[str, ...] = ()


AURORA: Final = Story("ana", "finance-ro")
PLANET: Final = Story(
    "fry",
    "admin_staff",
    (
        "This tree names no managers: hermes is recorded in the desk as fry's manager.",
        "This tree names no owners of groups: professor is recorded in the desk as owner of admin_staff.",
    ),
)


def play(ldif: Path | None) -> dict[str, Any]:
    """Play it through in an installation of its own; returns the evidence."""
    if ldif is None:
        with demonstration() as trial:
            return _play(AURORA, trial.slapd_audit)
    with _planet(ldif) as (server, given), demonstration(kind="up", given=given):
        _people_the_tree_does_not_tell(PLANET)
        return _play(PLANET, server.audit_file)


def _play(story: Story, audit_file: Path | None) -> dict[str, Any]:
    doing.publish()
    began = time.monotonic()
    before = members(story.group)
    request, item = doing.order(story.person, doing.GROUP_ACCESS, {"group": story.group}, f"scenario-{time.time_ns()}")
    until(lambda: doing.state(item) == "awaiting_approval", "the item is planned and its approvers are asked")
    planned = time.monotonic()
    plan = doing.item_plan(item)
    approvers = doing.approve(item)
    until(lambda: doing.state(item) in ENDED and doing.is_at_rest(item), "the item is carried out")
    fulfilled = time.monotonic()
    until(lambda: doing.is_mail_out(request, item), "every mail is sent")
    after = members(story.group)
    books = audit.as_json(audit.verify())
    effects = _changes(audit_file)
    events, mails, runs = doing.events(request, item), doing.mails(request, item), doing.runs(request, item)
    gained = sorted(set(after) - set(before))
    return {
        "ok": bool(books["ok"] and len(gained) == 1 and mails and len(approvers) == 2 and (effects is None or len(effects) == 1)),
        "scenario": "access", "said": list(story.notes), "request": request, "item": item,
        "person": story.person, "group": story.group, "plan": plan,
        "approved_by": [f"{login} ({why})" for login, why in approvers],
        "events": events, "directory_before": before, "directory_after": after, "gained": gained,
        "directory_changes": effects, "mails": mails, "runs": runs, "verify": books,
        "seconds": {"submit_to_asked": round(planned - began, 2), "to_fulfilled": round(fulfilled - began, 2)},
    }  # fmt: skip


def _changes(audit_file: Path | None) -> list[dict[str, Any]] | None:
    return [vars(change) for change in membership_changes(audit_file)] if audit_file else None


@contextmanager
def _planet(ldif: Path) -> Iterator[tuple[Slapd, Mapping[str, str]]]:
    """Start a directory with that tree, and say how the desk reaches it."""
    schema = ldif.with_name(f"{ldif.stem}-schema.ldif")
    base = next(line.partition(":")[2].strip() for line in ldif.read_text().splitlines() if line.startswith("dn:"))
    with tempfile.TemporaryDirectory(prefix="desk-trial-") as folder:
        Path(folder).chmod(0o755)
        server = Slapd(Path(folder) / "slapd", base, ldif, schema_ldif=schema if schema.is_file() else None)
        server.start()
        port = str(ports.free_port())
        sink = subprocess.Popen(
            [sys.executable, "-m", "app.platform.mail_sink"], cwd=ROOT, stdout=subprocess.DEVNULL,
            env={**os.environ, "DESK_DATA_DIR": folder, "DESK_SMTP_PORT": port},
        )  # fmt: skip
        try:
            yield server, {
                "DESK_LDAP_URL": server.url, "DESK_LDAP_BIND_DN": server.service_dn,
                "DESK_LDAP_BIND_PASSWORD": server.service_password, "DESK_LDAP_PEOPLE_BASE": f"ou=people,{base}",
                "DESK_LDAP_GROUPS_BASE": f"ou=people,{base}", "DESK_SMTP_HOST": ports.LOOPBACK, "DESK_SMTP_PORT": port,
                "DESK_MAIL_FROM": "Balcão <desk@planetexpress.com>",
            }  # fmt: skip
        finally:
            sink.kill()
            sink.wait()
            server.remove()


def _people_the_tree_does_not_tell(story: Story) -> None:
    sync.sync()
    with unit_of_work(SYSTEM) as uow:
        ids = {row.login: row.id for row in uow.session.execute(select(Person.login, Person.id))}
        people.set_manager(uow, ids[story.person], ids["hermes"])
        group = uow.session.scalars(select(DirectoryGroup).where(DirectoryGroup.name == story.group)).one()
        uow.session.add(GroupOwner(group_id=group.id, person_id=ids["professor"], source="desk"))
        uow.record_event("directory", "directory.own", after={"group": group.id, "owner": ids["professor"]})
