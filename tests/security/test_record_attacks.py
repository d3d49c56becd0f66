"""Attacks 1 to 4, 6, 7 and 8 of security.md on every route there is: a new route is tried by itself.

Each guard was tried by taking it away: docs/security-tests.md.
1, 2, 3  `visible()` in app/visibility.py, used by UnitOfWork.get and all queries; of attachments `_may_read`, of carts,
         deputies and sessions the owner in their queries.
         Links of mails are their reader's (services/decision_links), campaigns their administrators' and reviewers'.
4        `visible()` in the lists and in search, `team_ids` and `requester` clauses in worklists and counts.
6        forms and services take named fields only.
7        `@permission` and `uow.check` of config/roles.toml.
8        `task.note` in queries/tasks.whole, `record.timeline` on the record, kinds of notes in queries/requests.whole.
Attack 5, the live stream, is tried over real connections in tests/live/test_stream.py.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from itertools import product
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app import database
from app.models.access import Campaign, CampaignEntry, Grant
from app.models.approvals import Approval, ApprovalRound, Seat, Vote
from app.models.baskets import CartLine
from app.models.events import Event
from app.models.incidents import Incident
from app.models.messages import Message
from app.models.people import Delegation, OneTimeLink, RoleGrant, SignInSession, Team
from app.models.queues import BulkJob, SavedView
from app.models.records import Record
from app.models.requests import Item, Request, Step
from app.models.sla import Notice
from app.services import (
    attachments,
    baskets,
    calls,
    conversations,
    links,
    recertification,
    reporting,
    requests,
    tasks,
    work_time,
)
from app.services.reporting import Report
from app.settings import matrix, settings
from app.unit_of_work import SYSTEM, unit_of_work
from app.web.permission import PUBLIC
from tests.cast import MAIL_ITEM, NOON, event_names, person_id
from tests.databases import Scene
from tests.security.asking import EVERY, FURTHER, NOT_PROBED, PROBES, heard, lead_an_outage
from tests.services.test_baskets import publish
from tests.web.pages import asked, browser_of, token

CANARY: Final = "CANARY7f3a"
ROLES: Final = ("analyst", "team_lead", "implementer", "problem_manager", "change_manager", "major_incident_manager")
MISSING: Final = {
    "number": ("REQ9999999", "RIT9999999", "TSK9999999", "INC9999999"), "job_id": (987_654,), "view_id": (987_654,), "notice": (987_654,), "kind": ("none",), "key": ("no-such-key",), "line": (987_654,),
    "delegation": (987_654,), "session": (987_654,), "grant": (987_654,), "slug": ("access/none",), "login": ("nobody",), "team": ("none",),
    "campaign": (987_654,), "entry": (987_654,), "worked": (987_654,), "approval": (987_654,), "token": ("0" * 64,),
}  # fmt: skip
POSTED: Final = {
    "version": "", "reason": "vendor", "body": "mine", "choice": "approve", "comment": "mine", "how": "complete", "note": "mine",
    "assignee": "1", "team": "identity", "role": "administrator", "person": "zeca", "manager": "rui", "decision": "revoke",
}  # fmt: skip
CHANGING: Final = re.compile(
    r'(csrf_token" value=|nonce=|submission_key" |since=)"[^"]*"|value="[0-9a-f]{32}"|[0-9a-f]{24}|\?v=[^\"]*|class="week-now"[^>]*>|<(time|relative-time)\b.*?</\2>'
)
GUARDED_ELSEWHERE: Final = {"dev_mail.show"}  # the demonstration's own mail sink, open to all on purpose


@dataclass
class House:
    """The application, and what ana has in it: the values of a route's arguments, by name."""

    application: Flask
    hers: dict[str, tuple[Any, ...]]
    tokens: dict[int, str] = field(default_factory=dict)

    def rules(self, method: str, *, arguments: bool) -> Iterator[Rule]:
        """Return the routes that take this method and, or not, arguments; the public ones are no business of this test."""
        for rule in self.application.url_map.iter_rules():
            mark = getattr(self.application.view_functions[rule.endpoint], "permission", PUBLIC)
            if mark != PUBLIC and method in (rule.methods or ()) and bool(rule.arguments) is arguments:
                yield rule

    def address(self, rule: Rule, values: dict[str, Any]) -> str:
        """Return where the route leads with these values."""
        with self.application.test_request_context(base_url=settings().base_url):
            built = self.application.url_map.bind("desk.test").build(rule.endpoint, values)
        return "/" + built.split("/", 3)[3] if built.startswith("http") else str(built)

    def subjects(self, rule: Rule) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Return what of ana's the arguments of a route may name, each time with the same of nobody's."""
        names = sorted(rule.arguments)
        kinds = [kind_of(rule, name) for name in names]
        for kind in kinds:
            assert kind in self.hers, f"{rule.rule}: say in this test what of ana's <{kind}> is"
        for hers in product(*(self.hers[kind] for kind in kinds)):
            none = (next(other for other in MISSING[kind] if str(other)[:3] == str(each)[:3] or kind != "number") for kind, each in zip(kinds, hers, strict=True))
            yield dict(zip(names, hers, strict=True)), dict(zip(names, none, strict=True))

    def send(self, client: FlaskClient, method: str, address: str) -> TestResponse:
        """Ask, with the token a page would send and a file."""
        if method == "GET":
            return client.get(address)
        key = id(client)
        if key not in self.tokens:
            self.tokens[key] = token(client)
        form = {"csrf_token": self.tokens[key], **POSTED, "file": (BytesIO(b"mine"), "mine.txt")}
        return client.post(address, data=form, content_type="multipart/form-data")


def kind_of(rule: Rule, name: str) -> str:
    """Return what an argument of a route names: arguments of one name may mean different things."""
    if name == "number" and rule.endpoint.startswith("account."):
        return "session"
    return "team" if name == "key" and rule.endpoint.startswith("teams.") else name


@pytest.fixture
def house(cast: str, application: Flask, scene: Scene[dict[str, tuple[Any, ...]]]) -> House:
    """What ana has at this desk."""
    return House(application, scene("house", lambda: _furnish(application)))


def _furnish(application: Flask) -> dict[str, tuple[Any, ...]]:
    """Ana's request with a file, a message, a task with an internal note; her cart, draft, deputy, session and own item."""
    request, item = asked()
    hidden = MAIL_ITEM.replace('owner = "workplace"', 'owner = "workplace"\naudience = ["team:network"]').replace("Visitor", CANARY)
    publish(hidden, "workplace/hidden")
    with unit_of_work("ana") as uow:
        key = attachments.store(uow, uow.get(Request, request), f"{CANARY}.txt", BytesIO(CANARY.encode())).key
        requests.reply(uow, request, f"{CANARY} reply")
        offer = baskets.add(uow, requests.Line("workplace/visitor", _hash(uow), {"guest": CANARY}))
        baskets.save_draft(uow, "workplace/visitor", {"answer_guest": [CANARY]})
        line = offer.id
        now = uow.now
        deputy = Delegation(person_id=uow.actor.id, delegate_id=person_id("rui"), starts_at=now, ends_at=now + timedelta(days=9), created_at=now)
        uow.session.add(deputy)
        uow.session.flush()
        deputy_id = deputy.id
    with unit_of_work(SYSTEM) as uow:
        team = uow.session.scalars(select(Team.id).where(Team.key == "service-desk")).one()
        task = tasks.open_for(uow, uow.get(Item, item), f"{CANARY} task", team).number
        tasks.note(uow, task, f"{CANARY} inside")
        step = uow.session.scalars(select(Step).join(Item, Item.id == Step.item_id).where(Item.number == item).limit(1)).one()
        held = Grant(person_id=person_id("ana"), target=CANARY, item_id=step.item_id, step_id=step.id, granted_at=uow.now)
        uow.session.add(held)
        uow.session.flush()
        grant = held.id
        asked_for = select(Approval.id).join(ApprovalRound).join(Item, Item.id == ApprovalRound.record_id).where(Item.number == item)
        approvals = tuple(uow.session.scalars(asked_for))
        written = uow.session.scalars(select(OneTimeLink).where(OneTimeLink.purpose == links.DECISION)).all()
        letters = tuple(links.token_of(each) for each in written)
    with unit_of_work("eva") as uow:
        campaign = recertification.start(uow, f"{CANARY} quarter", uow.now.date() + timedelta(days=5)).id
        entry = uow.session.scalars(select(CampaignEntry.id)).one()
    with unit_of_work("ana") as uow:
        said = Report(f"{CANARY} broken", f"{CANARY} described", category="network/vpn", fields={"place": "home"}, submission_key=f"{CANARY}-report")
        incident = reporting.report(uow, said).number
        conversations.reply(uow, incident, f"{CANARY} answered")
        attachments.store(uow, uow.get(Incident, incident), f"{CANARY}.txt", BytesIO(CANARY.encode()))
        job = BulkJob(person_id=uow.actor.id or 0, action="tag", values={"tag": CANARY}, created_at=uow.now)
        view = SavedView(owner_id=uow.actor.id or 0, scope="mine", name=CANARY, arguments={"show": "open"}, created_at=uow.now)
        told = Notice(person_id=uow.actor.id or 0, name="incident_reply", params={}, created_at=uow.now)
        told.record = uow.get(Incident, incident)
        uow.session.add_all((job, view, told))
        uow.session.flush()
        kept = {"job_id": (job.id,), "view_id": (view.id,), "notice": (told.id,), "kind": ("csv.exe",)}
    with unit_of_work("bo") as uow:
        conversations.note_internally(uow, incident, f"{CANARY} inside")
        worked = work_time.log(uow, incident, work_time.Work(45, note=f"{CANARY} inside")).id
    browser_of(application, "ana")
    with database.sessions()() as session:
        mine = session.scalars(select(SignInSession.id).where(SignInSession.person_id == person_id("ana"))).first()
    return {
        **kept, "number": (request, item, task, incident), "key": (key,), "line": (line,), "delegation": (deputy_id,), "session": (mine,),
        "slug": ("workplace/hidden",), "login": ("ana",), "team": ("identity",), "grant": (grant,),
        "campaign": (campaign,), "entry": (entry,), "worked": (worked,), "approval": approvals[:1], "token": letters,
    }  # fmt: skip


def _hash(uow: Any) -> str:
    from app.queries import catalog

    return catalog.current(uow.session, "workplace/visitor").hash


def working_without_a_team(login: str) -> None:
    """Give every role to which records are open, except on restricted ones."""
    with database.sessions().begin() as session:
        session.add_all(RoleGrant(person_id=person_id(login), role=role, granted_at=NOON) for role in ROLES)


@pytest.fixture
def stranger(house: House) -> FlaskClient:
    """Somebody with no role and no relation to ana."""
    return browser_of(house.application, "zeca")


@pytest.fixture
def analyst(house: House) -> FlaskClient:
    """An analyst of no team, to whom ana's restricted records are closed."""
    working_without_a_team("davi")
    with database.sessions().begin() as session:
        session.execute(update(Record).values(restricted=True))
    return browser_of(house.application, "davi")


def told(answer: TestResponse, *names: object) -> tuple[int, str, str]:
    """Return an answer without the names that were asked for, and without what differs at each request: tokens, ids, times."""
    body, where = answer.text, answer.headers.get("Location", "")
    for name in sorted(names, key=lambda name: isinstance(name, int)):  # texts first: part of one looks like an id of the request
        if isinstance(name, int):  # an error says which one is not there: compare the words around it
            body, where = re.sub(r"\b\d+\b", "", body), re.sub(r"\b\d+\b", "", where)
        else:
            body, where = body.replace(str(name), "NAME"), where.replace(str(name), "NAME")
    return answer.status_code, where, CHANGING.sub("", body)


def flashed(client: FlaskClient) -> list[tuple[str, str]]:
    """Return, and take away, what the next page would say at its top."""
    with client.session_transaction(base_url=settings().base_url) as cookie:
        return list(cookie.pop("_flashes", []))


def state_of_things() -> tuple[Any, ...]:
    """Return what an attack must not change: every record, line, deputy, grant, file of hers, and how much was written down."""
    with database.sessions()() as session:
        rows = session.execute(select(Record.number, Record.state, Record.version, Record.assignee_id, Record.team_id).order_by(Record.id))
        events = select(func.count()).select_from(Event).where(Event.record_id.is_not(None))
        counts = [session.scalar(select(func.count()).select_from(model)) for model in (CartLine, Delegation, RoleGrant, Vote, Seat)]
        counts += session.execute(select(CampaignEntry.decision, Campaign.closed_at, Campaign.due_at).join(Campaign, Campaign.id == CampaignEntry.campaign_id)).all()
        open_ = select(func.count()).select_from(SignInSession).where(SignInSession.person_id == person_id("ana"), SignInSession.ended_at.is_(None))
        return [tuple(row) for row in rows], session.scalar(events), counts, session.scalar(open_)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("who", ["stranger", "analyst"])
def test_1_2_3_what_is_not_mine_looks_like_what_is_not_there(house: House, request: pytest.FixtureRequest, who: str, method: str) -> None:
    client: FlaskClient = request.getfixturevalue(who)
    client.get("/")
    before, tried = state_of_things(), 0
    for rule in house.rules(method, arguments=True):
        if rule.endpoint in GUARDED_ELSEWHERE or {kind_of(rule, name) for name in rule.arguments} & {"login", "team"}:
            continue  # people and teams: administration only, below
        for hers, missing in house.subjects(rule):
            found, said = house.send(client, method, house.address(rule, hers)), flashed(client)
            assert CANARY not in found.text, (rule.rule, hers)
            assert found.status_code in {303, 403, 404}, (rule.rule, hers, found.status_code)
            absent = house.send(client, method, house.address(rule, missing))
            assert (told(found, *hers.values()), said) == (told(absent, *missing.values()), flashed(client)), (rule.rule, hers)
            tried += 1
    assert tried >= 10
    assert state_of_things() == before


def test_1_other_methods_do_nothing(house: House, stranger: FlaskClient) -> None:
    before = state_of_things()
    for rule in house.application.url_map.iter_rules():
        if not rule.arguments or getattr(house.application.view_functions[rule.endpoint], "permission", PUBLIC) == PUBLIC:
            continue
        if {kind_of(rule, name) for name in rule.arguments} - house.hers.keys():
            continue  # the demonstration's own mail sink
        address = house.address(rule, next(house.subjects(rule))[0])
        for method in ("PUT", "PATCH", "DELETE"):
            answer = stranger.open(address, method=method, headers={"X-HTTP-Method-Override": "POST"})
            assert answer.status_code in {400, 405}, (method, address)
    assert state_of_things() == before


def test_3_search_finds_nothing_of_others_by_number_or_words(house: House, stranger: FlaskClient) -> None:
    for words in (*house.hers["number"], CANARY, "Access to a shared group", "REQ1"):
        for page in ("/search", "/search/suggest"):
            for accept in ("text/html", "application/json"):
                found = stranger.get(page, query_string={"q": words}, headers={"Accept": accept})
                assert not {"REQ0000001", "INC0000001"} & set(re.findall(r"[A-Z]{3}\d{7}", found.text.replace(words, "")))
                assert f"/records/{words}" not in found.text
                assert "workplace/hidden" not in found.text


@pytest.mark.parametrize("who", ["zeca", "davi"])
def test_4_lists_and_counts_are_as_if_others_had_nothing(cast: str, application: Flask, monkeypatch: pytest.MonkeyPatch, who: str) -> None:
    """Each page without a number in its address, bare and with each parameter that it was seen to ask for."""
    if who == "davi":
        working_without_a_team("davi")
    client, empty = browser_of(application, who), House(application, {})
    client.get("/")
    before: dict[str, tuple[int, str, str]] = {}
    with heard(monkeypatch, application) as asked_for:
        for rule in (rule.rule for rule in empty.rules("GET", arguments=False)):
            asked_for.clear()
            before[rule] = told(client.get(rule))
            names = set(PROBES) if EVERY in asked_for else asked_for - NOT_PROBED
            assert names <= PROBES.keys(), f"{rule} asks for {names - PROBES.keys()}: say in tests/security/asking.py what of others it could ask for"
            for page in (f"{rule}?{urlencode({name: value})}" for name in sorted(names) for value in PROBES[name]):
                before[page] = told(client.get(page))
    for page in FURTHER:
        before[page] = told(client.get(page))
    hers = _furnish(application)
    lead_an_outage(hers["number"][3])
    with database.sessions().begin() as session:
        session.execute(update(Record).values(restricted=True))
    for page, said in before.items():
        assert told(client.get(page)) == said, page
    assert len(before) > 120


EXTRA: Final = {
    "role": "administrator", "roles": "administrator", "is_admin": "1", "requester_id": "1", "requester": "eva", "opened_by_id": "1",
    "priority": "1", "approved_by": "ana", "approved_at": "2026-01-01", "state": "approved", "team_id": "1", "restricted": "0",
    "plan_hash": "x", "cost": "0", "catalog": "x", "number": "REQ0000666", "id": "1", "sla_due": "2020-01-01", "active": "0",
}  # fmt: skip


def test_6_fields_that_no_form_asks_for_change_nothing(house: House) -> None:
    ana = browser_of(house.application, "ana")
    request = house.hers["number"][0]
    columns = (Record.state, Record.requester_id, Record.priority, Record.team_id, Record.restricted, Record.opened_by_id, Record.number)

    def row() -> tuple[Any, ...]:
        with database.sessions()() as session:
            return tuple(session.execute(select(*columns).where(Record.number == request)).one())

    before, csrf = row(), token(ana)
    for address in (f"/requests/{request}/reply", "/account/preferences", "/preferences", "/catalog/workplace/visitor/keep"):
        answer = ana.post(address, data={**EXTRA, "csrf_token": csrf, "body": "hello", "language": "en", "theme": "dark"})
        assert answer.status_code in {303, 400, 422}, (address, answer.status_code)
    assert row() == before
    page = ana.get("/catalog/workplace/visitor").text
    hidden = dict(re.findall(r'name="(submission_key|catalog_hash)"[^>]*value="([^"]+)"', page))
    ordered = ana.post("/catalog/workplace/visitor/send", data={**EXTRA, **hidden, "csrf_token": csrf, "for_whom": "me", "answer_guest": "Rita"})
    assert ordered.status_code == 303
    with database.sessions()() as session:
        item = session.scalars(select(Item).order_by(Item.id.desc()).limit(1)).one()
        assert (item.requester_id, item.opened_by_id, item.state, item.priority, item.cost, item.approved_at, item.plan_hash) == (
            person_id("ana"), person_id("ana"), "requested", None, None, None, None,
        )  # fmt: skip
        assert session.scalar(select(func.count()).select_from(RoleGrant).where(RoleGrant.person_id == person_id("ana"))) == 0


@pytest.mark.parametrize(("login", "role"), [("bo", "analyst"), ("helena", "auditor")])
def test_7_nobody_but_an_administrator_changes_roles_teams_people_or_the_queue(house: House, login: str, role: str) -> None:
    with database.sessions().begin() as session:
        if not session.scalar(select(RoleGrant.id).where(RoleGrant.person_id == person_id(login), RoleGrant.role == role)):
            session.add(RoleGrant(person_id=person_id(login), role=role, granted_at=NOON))
    client, tried = browser_of(house.application, login), 0
    client.get("/")
    before = (state_of_things(), len(event_names()))
    for rule in (*house.rules("POST", arguments=True), *house.rules("POST", arguments=False)):
        needed = house.application.view_functions[rule.endpoint].permission  # type: ignore[attr-defined]  # the mark of @permission
        if matrix().grants[needed] != {"administrator"}:
            continue
        values = {name: login if kind_of(rule, name) == "login" else house.hers[kind_of(rule, name)][0] for name in rule.arguments}
        assert house.send(client, "POST", house.address(rule, values)).status_code == 403, rule.rule
        tried += 1
    assert tried >= 12
    assert (state_of_things(), len(event_names())) == before


def test_8_what_is_written_inside_reaches_nobody_outside(house: House) -> None:
    """The requester opens every page there is with every number of hers; then her mail is read."""
    with unit_of_work("bo") as uow:
        tasks.note(uow, house.hers["number"][2], "SECRET1 inside")
        attachments.store(uow, uow.get(Request, house.hers["number"][0]), "SECRET2.txt", BytesIO(b"SECRET2"), public=False)
        tasks.close(uow, house.hers["number"][2], "incomplete", "SECRET3 closing")
        conversations.note_internally(uow, house.hers["number"][3], "SECRET4 inside")
        for number in (house.hers["number"][0], *house.hers["number"][2:]):
            calls.log(uow, number, "SECRET6 on the phone")
        attachments.store(uow, uow.get(Incident, house.hers["number"][3]), "SECRET5.txt", BytesIO(b"SECRET5"), public=False)
    bo = browser_of(house.application, "bo")
    assert "SECRET1" in bo.get(f"/tasks/{house.hers['number'][2]}").text
    for login in ("ana", "helena"):
        client = browser_of(house.application, login)
        pages = [house.address(rule, hers) for rule in house.rules("GET", arguments=True) if rule.endpoint not in GUARDED_ELSEWHERE
                 for hers, _ in house.subjects(rule)]  # fmt: skip
        pages += [rule.rule for rule in house.rules("GET", arguments=False)] + ["/search?q=SECRET1", "/search/suggest?q=SECRET1", "/search?q=SECRET4"]
        for page in pages:
            assert not re.search(r"SECRET\d(?!\W*\d*[^<]*</title)", client.get(page).text.replace("SECRET1", "" if "q=" in page else "SECRET1").replace("SECRET4", "" if "q=SECRET4" in page else "SECRET4")), page
    with database.sessions()() as session:
        assert not [each.id for each in session.scalars(select(Message)) if "SECRET" in str(each.params)]


def test_8_an_analysts_own_request_is_read_with_the_rights_of_a_requester(house: House) -> None:
    """What colleagues write inside about an analyst's own request is not for that analyst."""
    with database.sessions().begin() as session:
        session.add(RoleGrant(person_id=person_id("ana"), role="analyst", granted_at=NOON))
    ana = browser_of(house.application, "ana")
    request, _, task, _ = house.hers["number"]
    assert CANARY + " inside" not in ana.get(f"/tasks/{task}").text
    assert ana.get(f"/records/{request}/timeline").status_code == 403
    assert CANARY + " inside" not in ana.get(f"/records/{task}/timeline").text
