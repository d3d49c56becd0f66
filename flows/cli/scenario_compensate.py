"""`desk scenario compensate`: the last step fails for good, the item is given up, and what was done is undone, last first."""

import time
from typing import Any, Final

from sqlalchemy import func, select

from app import database
from app.directory import NewPerson, directory
from app.models.people import Membership, Person, Team
from app.services import fulfilment
from app.unit_of_work import unit_of_work
from flows.cli import doing, trial_catalog
from flows.cli.fault_kills import new_memberships
from flows.cli.installation import demonstration, until

SLUG: Final = "access/project-start"
LOGIN: Final = "project.mailbox"
DONE: Final = ("folder", "note", "wiki", "visit")
# the last first; a visit that was made and a mail that was read stay so
UNDONE: Final = [("visit", False), ("wiki", True), ("note", False), ("folder", True)]
ITEM: Final = """
name = "Start of a project"
name_pt = "Início de um projeto"
summary = "Two groups, a message, a visit of the team and an account; the account is the last."
summary_pt = "Dois grupos, uma mensagem, uma visita da equipe e uma conta; a conta é a última."
owner = "identity"
target = "8h"

[[fields]]
name = "folder"
label = "Group of the folder"
label_pt = "Grupo da pasta"
kind = "directory-group"
required = true

[[fields]]
name = "wiki"
label = "Group of the wiki"
label_pt = "Grupo da wiki"
kind = "directory-group"
required = true

[[fields]]
name = "login"
label = "User name of the project's account"
label_pt = "Nome de usuário da conta do projeto"
kind = "text"
required = true

[[steps]]
name = "folder"
do = "directory.add_member"
with = { person = "{beneficiary}", group = "{folder}" }

[[steps]]
name = "note"
do = "mail.send"
with = { to = "{beneficiary.mail}", subject = "Your project starts", subject_pt = "Seu projeto começa", text = "The folder is ready.", text_pt = "A pasta está pronta." }
after = ["folder"]

[[steps]]
name = "wiki"
do = "directory.add_member"
with = { person = "{beneficiary}", group = "{wiki}" }
after = ["note"]

[[steps]]
name = "visit"
task = "Show {beneficiary.name} the project's room"
task_pt = "Mostrar a sala do projeto a {beneficiary.name}"
after = ["wiki"]

[[steps]]
name = "account"
do = "directory.create_person"
with = { login = "{login}", name = "Project Mailbox" }
after = ["visit"]
"""


def play() -> dict[str, Any]:
    """Play it in an installation of its own; returns the evidence."""
    with trial_catalog.with_items({SLUG: ITEM}) as given, demonstration(given=given):
        doing.publish()
        return _play()


def _play() -> dict[str, Any]:
    folder, wiki = [group for login, group in new_memberships() if login == "ana"][:2]
    before = doing.person("ana")
    answers = {"folder": folder, "wiki": wiki, "login": LOGIN}
    request, item = doing.order("ana", SLUG, answers, f"scenario-{time.time_ns()}")
    until(lambda: doing.steps(item).get("visit") == "waiting" and doing.is_at_rest(item), "all but the last two steps are done")
    plan, between = doing.item_plan(item), doing.person("ana")
    directory().create_person(NewPerson(LOGIN, "Somebody Else", description="made by somebody else meanwhile"))
    tasks = doing.do_tasks(item)
    until(lambda: doing.state(item) == "failed" and doing.is_at_rest(item), "the last step fails for good")
    failed, helper = doing.steps(item), _of_team("identity")
    with unit_of_work(helper) as uow:
        fulfilment.compensate(uow, item, "The user name belongs to somebody else now.")
    until(lambda: doing.state(item) == "closed_incomplete" and doing.is_at_rest(item), "what was done is taken back")
    until(lambda: doing.is_mail_out(request, item), "every mail is sent")
    found, after = doing.evidence(request, item), doing.person("ana")
    undone = [(each["after"]["step"], each["after"]["possible"]) for each in found["events"] if each["event"] == "item.undo"]
    gained = sorted({*between["groups"]} - {*before["groups"]}) if before and between else []
    return {
        "ok": bool(found["verify"]["ok"] and undone == UNDONE and before == after and gained == sorted((folder, wiki))
                   and failed == {**dict.fromkeys(DONE, "done"), "account": "failed"}
                   and doing.state(request) == "closed_incomplete"),
        "scenario": "compensate", "request": request, "item": item, "plan": plan, "tasks": tasks,
        "steps_when_it_failed": failed, "given_up_by": helper, "undone": undone, "steps": doing.steps(item),
        "directory_before": before, "directory_between": between, "directory_after": after, "gained_between": gained,
        "states": doing.states([request, item]), **found,
    }  # fmt: skip


def _of_team(key: str) -> str:
    """Return somebody of a team."""
    with database.sessions()() as session:
        members = select(func.min(Person.login)).join(Membership, Membership.person_id == Person.id)
        return session.scalars(members.join(Team, Team.id == Membership.team_id).where(Team.key == key, Person.active)).one()
