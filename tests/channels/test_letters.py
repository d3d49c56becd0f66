"""Every letter in both languages, with the values it needs, and nothing that must stay inside."""

import ast
from pathlib import Path

import pytest
from sqlalchemy import select, update

from app import database
from app.channels import email, letters
from app.models.messages import Message
from app.models.people import OneTimeLink, Person, Team
from app.models.requests import Item
from app.rules.approvals import Choice
from app.services import accounts, links, requests, tasks
from app.settings import ROOT
from app.unit_of_work import SYSTEM, unit_of_work
from tests.channels.conftest import Handler
from tests.channels.outgoing import make_due, queue, rows
from tests.services.test_requests import decide, planned

FREE = {"step_message", "plain"}  # worded by whoever queues them, in the reader's language
SAID_BY_MESSAGE = {
    "item_rejected": {"reason"}, "step_failed": {"step"}, "task_opened": {"parent"}, "recovery_code_used": {"left"},
    "approval_asked": {"instead_of"}, "approval_reminder": {"instead_of"},
    "access_ends": {"group", "until"}, "access_ended": {"group"}, "access_stuck": {"group"},
    "recertify": {"left", "until"}, "recertify_reminder": {"left", "until"}, "recertify_closed": {"left", "name"},
    "major_seat": {"role"}, "major_update": {"headline", "next"}, "major_update_due": {"due"}, "major_update_late": {"due"},
    "incident_reminder": {"closes"}, "closure_returned": {"missing"},
    "survey_bad": {"csat"}, "digest": {"count", "more"}, "clock_warning": {"clock", "percent", "due", "reached"}, "clock_over": {"clock", "percent", "due", "reached"},
}  # fmt: skip
TELLING = {"messages.tell", "messages.queue", "messages.tell_team", "requests.tell_owners", "tell_owners", "_tell", "_send_link", "rounds.tell", "messages.receipt", "messages.broadcast", "moves.tell_owners"}


def templates_in_use() -> set[str]:
    """Return every template that the code names."""
    found: set[str] = set()
    for file in [*(ROOT / "app").rglob("*.py"), *(ROOT / "flows").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "letter" and isinstance(node.value, ast.Constant):
                found.add(str(node.value.value))
            if isinstance(node, ast.Call) and _name(node.func) in TELLING and [ast.unparse(each) for each in node.args[:1]] == ["uow"]:
                found |= {each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)}
                found |= {_constant(file, each.id) for each in node.args if isinstance(each, ast.Name) and each.id.isupper()}
    return found


def _name(called: ast.expr) -> str:
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        return f"{called.value.id}.{called.attr}"
    return called.id if isinstance(called, ast.Name) else ""


def _constant(file: Path, name: str) -> str:
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            assert isinstance(node.value, ast.Constant)
            return str(node.value.value)
    raise AssertionError(f"{file}: {name} is no constant")


def test_every_template_in_the_code_has_its_letter() -> None:
    used = templates_in_use()
    assert {"request_submitted", "approval_asked", "step_message", "password_reset"} <= used
    assert used <= letters.templates().keys()


@pytest.mark.parametrize("name", sorted(letters.templates().keys() - FREE))
def test_a_letter_is_whole_in_both_languages(name: str) -> None:
    words = letters.templates()[name]
    known = letters.VALUES | SAID_BY_MESSAGE.get(name, set())
    for part in ("subject", "text", "button", "because"):
        assert words[part].strip()
        assert words[f"{part}_pt"].strip()
        assert words[f"{part}_pt"] != words[part]
        assert letters.gaps(words[part]) == letters.gaps(words[f"{part}_pt"])
        assert letters.gaps(words[part]) <= known
    assert letters.gaps(words["link"]) <= {"number", "request", "path", "grant", "campaign"}


def test_every_letter_about_a_decision_names_the_number_that_it_is_about() -> None:
    about = {name: words for name, words in letters.templates().items() if name.startswith("approval_")}
    assert len(about) >= 6
    assert [name for name, words in about.items() if not {"number"} <= letters.gaps(words["text"]) & letters.gaps(words["text_pt"])] == []


def mails(smtp: Handler) -> dict[str, str]:
    """Send all that is due; return each mail's text by address and subject."""
    make_due()
    email.send_due()
    assert {row.error for row in rows() if row.state != "sent"} <= {"its link no longer works"}  # decided before it was sent
    return {
        f"{taken.recipients[0].partition('@')[0]}: {taken.message['Subject']}": next(taken.message.iter_parts()).get_content()
        for taken in smtp.taken
    }


def test_a_request_on_its_way_writes_to_the_right_people(smtp: Handler) -> None:
    planned()
    found = mails(smtp)
    assert set(found) == {
        "ana: We have your request: Access to a shared group",
        "helena: Your decision, please: Access to a shared group for Ana Lima",
        "igor: Your decision, please: Access to a shared group for Ana Lima",
    }
    assert "https://desk.aurora.example/decide/" in found["helena: Your decision, please: Access to a shared group for Ana Lima"]
    assert all("(RIT0000001)" in found[f"{who}: Your decision, please: Access to a shared group for Ana Lima"] for who in ("helena", "igor"))
    assert "because your approval is needed" in found["igor: Your decision, please: Access to a shared group for Ana Lima"].replace("\n", " ")


def test_a_letter_speaks_its_readers_language(smtp: Handler) -> None:
    with database.sessions().begin() as session:
        session.execute(update(Person).where(Person.login == "helena").values(language="pt"))
    planned()
    found = mails(smtp)
    assert "Sua decisão, por favor: Acesso a um grupo compartilhado para Ana Lima" in {key.partition(": ")[2] for key in found}
    assert "Você recebe esta mensagem porque sua aprovação" in " ".join(str(found).replace("\\n", " ").split())
    assert {taken.message["Content-Language"] for taken in smtp.taken} == {"en", "pt"}


def test_a_rejection_tells_the_reason(smtp: Handler) -> None:
    decide("helena", planned(), Choice.REJECT, "Ask for the read-only group instead.")
    found = mails(smtp)
    assert "Ask for the read-only group instead." in found["ana: Not approved: Access to a shared group"]


def test_mails_of_one_request_belong_together_for_its_requester(smtp: Handler) -> None:
    decide("helena", planned(), Choice.REJECT, "No.")
    planned(key="key-2")
    mails(smtp)
    threads = [taken.message["References"] for taken in smtp.taken if taken.recipients == ["ana@aurora.example"]]
    assert threads[0] == threads[1]  # the request and its item
    assert threads[2] != threads[0]
    assert all(taken.message["In-Reply-To"] == taken.message["References"] for taken in smtp.taken)
    assert len({taken.message["Message-ID"] for taken in smtp.taken}) == len(smtp.taken)


def test_a_reply_is_quoted_and_a_work_note_never_leaves(smtp: Handler) -> None:
    number = planned()
    with unit_of_work("bo") as uow:
        request = uow.get(Item, number).request.number
    with unit_of_work("bo") as uow:
        requests.reply(uow, request, "Which folder is it?\nTell us here.")
    with unit_of_work(SYSTEM) as uow:
        item = uow.get(Item, number)
        team = uow.session.scalar(select(Team.id).where(Team.key == "identity"))
        task = tasks.open_for(uow, item, "Look into it", team).number
    with unit_of_work("bo") as uow:
        tasks.note(uow, task, "CANARY the requester must never read")
    found = mails(smtp)
    reply = found["ana: New message: Access to a shared group"]
    assert "Bo Andersen wrote:" in reply
    assert "Which folder is it?\nTell us here." in reply.replace("\r\n", "\n")
    assert all(b"CANARY" not in taken.raw for taken in smtp.taken)
    assert f"https://desk.aurora.example/tasks/{task}" in found["bo: New task for your team: Look into it"]


def test_braces_in_a_value_are_only_text(smtp: Handler) -> None:
    queue("ana", subject="{text} {0.__class__} {{7*7}} %(x)s", body="{subject}")
    email.send_due()
    assert smtp.taken[0].message["Subject"] == "{text} {0.__class__} {{7*7}} %(x)s"


def test_a_letter_nobody_wrote_is_given_up_with_its_reason(smtp: Handler) -> None:
    queue("ana")
    with database.sessions().begin() as session:
        session.execute(update(Message).values(template="no_such_letter"))
    assert email.send_due().dead == 1
    assert rows()[0].error == "no letter is called 'no_such_letter'"


def test_a_link_is_in_the_mail_and_nowhere_in_the_queue(smtp: Handler) -> None:
    with unit_of_work(SYSTEM) as uow:
        accounts.ask_reset(uow, "ana")
    [text] = mails(smtp).values()
    with database.sessions()() as session:
        link = session.scalars(select(OneTimeLink)).one()
        token = links.token_of(link)
    assert f"https://desk.aurora.example/password/{token}" in text
    assert token not in str([vars(row) for row in rows()])


def test_a_link_that_no_longer_works_is_not_sent(smtp: Handler) -> None:
    with unit_of_work(SYSTEM) as uow:
        accounts.ask_reset(uow, "ana")
    with unit_of_work(SYSTEM) as uow:
        accounts.ask_reset(uow, "ana")
    assert (email.send_due().sent, len(smtp.taken)) == (1, 1)
    assert [row.error for row in rows()] == ["its link no longer works", None]


def test_a_long_title_is_cut_at_a_word_in_the_subject_and_whole_in_the_text() -> None:
    title = "Set up the laptop for Ana Lima, with the standard programs, and hand it over at reception before noon"
    assert letters.shortened(title) == "Set up the laptop for Ana Lima, with the standard programs, and hand …"
    assert letters.shortened("Short") == "Short"
    assert len(letters.shortened("x" * 300)) <= letters.TITLE_LIMIT
