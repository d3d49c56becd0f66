"""`desk verify`: whole books pass, and whatever is tampered with is found and named (faults.md FT-23, I1 to I10)."""

import json
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from app import database
from app.cli.verify import verify as command
from app.rules.approvals import Choice
from app.services import anchors, audit, fulfilment, requests, steps, tasks
from app.services.requests import Line, Order
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import MAIL_ITEM, parsed
from tests.services.test_requests import decide, planned

SEED = 20261121


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own, for the file of anchors."""
    monkeypatch.setenv("DESK_DATA_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def books(data: Path, cast: str) -> str:
    """Four requests: carried out, rejected, canceled, waiting; all of it anchored. Returns the first item's number."""
    done = planned()
    for who in ("helena", "igor"):
        decide(who, done)
    carry_out(done)
    decide("helena", planned(key="key-2"), Choice.REJECT, "Not now.")
    with unit_of_work("ana") as uow:
        requests.cancel(uow, request_of(planned(key="key-3")), "I no longer need it.")
    decide("igor", planned(key="key-4"))
    settle()
    anchor()
    return done


def carry_out(number: str) -> None:
    with unit_of_work(SYSTEM) as uow:
        fulfilment.begin(uow, number)
        fulfilment.ready_steps(uow, number)
    with unit_of_work(SYSTEM) as uow:
        claim = steps.claim(uow, number, "step-1")
        assert claim is not None
        steps.commit(uow, claim)
    with unit_of_work(SYSTEM) as uow:
        fulfilment.ready_steps(uow, number)
    [task] = column("select number from records where kind = 'task'")
    with unit_of_work("bo") as uow:
        tasks.close(uow, task, "complete")
    with unit_of_work(SYSTEM) as uow:
        fulfilment.advance(uow, number)
    with unit_of_work(SYSTEM) as uow:
        fulfilment.close(uow, number)


def request_of(number: str) -> str:
    [found] = column(
        "select o.number from items i join records r on r.id = i.id join records o on o.id = i.request_id "
        "where r.number = :number", number=number,
    )  # fmt: skip
    return found


def column(sql: str, **values: object) -> list[str]:
    with database.sessions()() as session:
        return list(session.execute(text(sql), values).scalars())


def settle() -> None:
    """All deliveries have been acted on, as flows would have."""
    tamper("update deliveries set state = 'done'")


def tamper(sql: str, **values: object) -> None:
    """Change rows as somebody could who owns the server: no trigger and no foreign key stands in the way."""
    with database.engine().begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        for statement in sql.split(";"):
            connection.execute(text(statement), values)


def anchor() -> None:
    with unit_of_work(SYSTEM) as uow:
        made = anchors.anchor(uow)
    if made is not None:
        anchors.publish(made)


def rows() -> list[str]:
    return [finding.row for finding in audit.verify().findings]


def test_whole_books_pass(books: str) -> None:
    report = audit.verify()
    assert report.findings == []
    assert report.checked["events"] == len(column("select 1 from events")) > 20
    assert report.checked["anchors"] == 1
    assert report.warnings == []


def test_the_command_says_so_and_ends_well(books: str) -> None:
    result = CliRunner().invoke(command)
    assert (result.exit_code, result.output[:6]) == (0, "Whole:")


def test_the_command_names_the_first_broken_row_and_fails(books: str) -> None:
    tamper("""update events set name = 'item.step', after = '{"state": "approved"}' where id = 3""")
    result = CliRunner().invoke(command)
    assert result.exit_code == 1
    assert "event 3 (" in result.output
    assert "It was changed after it was written" in result.output
    machine = CliRunner().invoke(command, ["--json"])
    assert machine.exit_code == 1
    assert json.loads(machine.stdout)["findings"][0]["invariant"] == "I4"


def victims() -> list[tuple[int, str, int]]:
    with database.sessions()() as session:
        return [tuple(row) for row in session.execute(text("select id, stream, seq from events order by id"))]


EDITS = (
    "name = name || 'x'", "actor = 'people-999'", "at = at + interval '1 microsecond'", "note_digest = 'x'",
    """after = after || '{"extra": 1}'""", """before = '{"state": "new"}'""", "hash = sha256(hash)",
    "previous = sha256(previous)", "actor_id = case when actor_id = 1 then 2 else 1 end",
    "record_id = coalesce(record_id, 0) + 1",
)  # fmt: skip


def edit(chance: random.Random) -> str:
    id_, stream, seq = chance.choice(victims())
    tamper("update events set CHANGE where id = :id".replace("CHANGE", chance.choice(EDITS)), id=id_)
    return f"event {id_} ({stream}, no. {seq})"


def delete(chance: random.Random) -> str:
    id_, stream, seq = chance.choice([row for row in victims() if row[2] < last_of(row[1])])
    tamper("delete from events where id = :id", id=id_)
    return f"({stream}, no. {seq + 1})"


def insert(chance: random.Random) -> str:
    id_, stream, _ = chance.choice(victims())
    last = last_of(stream)
    tamper("""insert into events (stream, seq, name, actor, at, record_id, before, after, previous, hash)
        select stream, :seq, name, actor, at, record_id, before, after, hash, sha256(hash) from events where id = :id""",
           seq=last + 1, id=id_)  # fmt: skip
    return f"({stream}, no. {last + 1})"


def reorder(chance: random.Random) -> str:
    """Let two events of a stream change places."""
    id_, stream, seq = chance.choice([row for row in victims() if row[2] < last_of(row[1])])
    tamper("update events set seq = -1 where id = :id; update events set seq = :seq where stream = :stream and seq = :next;"
           "update events set seq = :next where id = :id", id=id_, seq=seq, next=seq + 1, stream=stream)  # fmt: skip
    return f"({stream}, no. {seq})"


def cut(chance: random.Random) -> str:
    _, stream, _ = chance.choice(victims())
    tamper("delete from events where stream = :stream and seq = :seq", stream=stream, seq=last_of(stream))
    return f"stream {stream}"


def cut_and_mend_the_head(chance: random.Random) -> str:
    """The clever one: the stream's head is put back too, so that only the anchor knows."""
    stream = chance.choice(sorted({row[1] for row in victims()}))
    tamper("""delete from events where stream = :stream and seq >= :seq; delete from streams where name = :stream;
        insert into streams (name, seq, hash) select stream, seq, hash from events
        where stream = :stream order by seq desc limit 1""", stream=stream, seq=chance.randint(1, last_of(stream)))  # fmt: skip
    return "anchor 1"


def last_of(stream: str) -> int:
    return max(row[2] for row in victims() if row[1] == stream)


@pytest.fixture
def restored(books: str) -> Callable[[], None]:
    """Put events and heads back as they were, between two tampers."""
    tamper("create table kept_events as table events; create table kept_streams as table streams")

    def restore() -> None:
        tamper("delete from events; insert into events overriding system value table kept_events;"
               "delete from streams; insert into streams table kept_streams")  # fmt: skip

    return restore


def test_a_hundred_random_tampers_are_all_found_and_named(restored: Callable[[], None]) -> None:
    chance = random.Random(SEED)
    kinds = [edit, delete, insert, reorder, cut, cut_and_mend_the_head]
    missed = []
    tamper("alter table events disable trigger user")
    for number in range(100):
        named = (kind := kinds[number % len(kinds)])(chance)
        found = rows()
        if not any(named in row for row in found):
            missed.append((kind.__name__, named, found))
        restored()
    assert missed == []
    assert audit.verify().findings == []


def test_an_anchor_that_was_taken_from_the_table_is_missed_by_the_file(books: str) -> None:
    tamper("delete from anchors")
    assert rows() == ["anchor 1"]


def test_an_anchor_that_was_rewritten_is_not_the_one_in_the_file(books: str) -> None:
    tamper("delete from events where stream = (select max(name) from streams where name like 'TSK%')")
    tamper("delete from anchors")
    anchor_table_only()
    assert "anchor 1" in rows()


def anchor_table_only() -> None:
    tamper("alter sequence anchors_id_seq restart with 1")
    with unit_of_work(SYSTEM) as uow:
        assert anchors.anchor(uow) is not None


def test_nothing_new_is_anchored_twice_and_the_next_anchor_goes_on(books: str) -> None:
    anchor()
    planned(key="key-9")
    anchor()
    report = audit.verify()
    assert report.findings == []
    assert report.checked["anchors"] == 2
    assert len(anchors.path().read_text().splitlines()) == 2


def test_an_anchor_waits_for_whoever_has_drawn_a_smaller_number(books: str) -> None:
    """An event that is committed late, under a number below the newest, must not look like one that was put in."""
    drawn, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with unit_of_work(SYSTEM) as uow:
            uow.record_event("test", "test.slow")
            uow.session.flush()
            drawn.set()
            assert go_on.wait(20)

    with ThreadPoolExecutor(2) as threads:
        late = threads.submit(slow)
        assert drawn.wait(20)
        planned(key="key-9")
        anchoring = threads.submit(anchor)
        with pytest.raises(TimeoutError):
            anchoring.result(timeout=0.5)
        go_on.set()
        late.result()
        anchoring.result()
    report = audit.verify()
    assert (report.findings, report.checked["anchors"]) == ([], 2)


def test_an_item_that_nobody_has_to_approve_is_whole(data: Path, cast: str) -> None:
    item = parsed(MAIL_ITEM, "workplace/visitor")
    with unit_of_work("ana") as uow:
        number = requests.submit(uow, Order("key-9", [Line(item.slug, item.hash, {"guest": "Rosa"})])).items[0].number
    with unit_of_work(SYSTEM) as uow:
        fulfilment.store_plan(uow, number, {"step-1": {"words": "send", "changes": []}})
    assert audit.verify().findings == []
    waiting = planned(key="key-10")
    tamper("update records set state = 'approved' where number = :number", number=waiting)
    assert "I6" in {finding.invariant for finding in audit.verify().findings if finding.row == f"record {waiting}"}


BROKEN = {
    "delete from items where id = (select id from records where number = :item)": "I1",
    "update records set state = 'rejected' where number = :item": "I8",
    "update records set state = 'submitted' where kind = 'request' and state = 'closed_complete'": "I8",
    "update votes set choice = 'approve' where choice = 'reject'": "I6",
    "delete from votes where choice = 'reject'": "I6",
    "update votes set voter_id = (select id from people where login = 'ana') where id = 1": "I6",
    "update approval_rounds set state = 'approved' where state = 'rejected'": "I6",
    "update items set plan_hash = 'other' where id = (select id from records where number = :item)": "I6",
    "update notes set body = 'nicer'": "I4",
    "delete from streams": "I4",
    "delete from deliveries where event_id = (select max(event_id) from deliveries where consumer = 'plan_item')": "I2",
    "update steps set state = 'pending' where state = 'done'": "I3",
    """update events set name = 'item.step', after = '{"step": "step-1", "state": "done"}' where name = 'item.plan' and stream = :item""": "I3",
    "update deliveries set state = 'running', lease_until = now() - interval '1 minute' where id = 1": "I10",
    "update messages set state = 'sent' where id = 1": "I7",
    "insert into attachment_chunks (attachment_id, position, data) values (77, 0, 'x')": "I9",
    "update grants set ends_at = desk_now() - interval '1 day', next_at = null": "I2",
    "update grants set next_at = desk_now() - interval '1 hour'": "I2",
    """drop index uq_grants_open; insert into grants (person_id, kind, target, item_id, step_id, state, granted_at, attempt)
    select person_id, kind, target, item_id, step_id, state, granted_at, 0 from grants""": "I3",
}


ASIDE = ("items", "records", "votes", "approval_rounds", "notes", "deliveries", "steps", "messages", "grants")


def test_each_broken_promise_is_found_under_its_name(restored: Callable[[], None], books: str) -> None:
    tamper("create schema aside; alter table events disable trigger user")
    for table in ASIDE:
        tamper("create table aside.TABLE as table TABLE".replace("TABLE", table))
    for sql, invariant in BROKEN.items():
        tamper(sql, **({"item": books} if ":item" in sql else {}))
        assert invariant in {finding.invariant for finding in audit.verify().findings}, sql
        for table in ASIDE:
            tamper("delete from TABLE; insert into TABLE overriding system value table aside.TABLE".replace("TABLE", table))
        tamper("delete from attachment_chunks")
        restored()
    assert audit.verify().findings == []


def test_what_stands_still_with_work_due_is_found(books: str) -> None:
    number = planned(key="key-8")
    for who in ("helena", "igor"):
        decide(who, number)
    assert audit.verify().findings == []  # its delivery waits for a worker
    settle()
    tamper("update records set updated_at = updated_at - interval '2 minutes' where number = :number", number=number)
    assert rows() == [f"record {number}"]
