"""Many people at the same items at the same moment: nothing is lost, nothing happens twice, the books are whole."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app import database
from app.models.approvals import Vote
from app.models.requests import Item, Request
from app.rules.approvals import Choice
from app.rules.errors import DeskError, Stale
from app.services import audit, fulfilment, requests, revisions
from app.services.requests import Line, Order
from app.settings import settings
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import event_names
from tests.web.pages import GROUP, PLAN, asked

GROUPS = ("finance-rw", "vpn-users", "crm-users", "wiki-editors")
ITEMS = 5


def submit(position: int) -> None:
    """Ten posts of five forms: each form twice."""
    line = Line(GROUP.slug, GROUP.hash, {"group": GROUPS[position % 4]})
    with unit_of_work("ana") as uow:
        requests.submit(uow, Order(f"crowd-{position % ITEMS:016d}", [line]))


def act(position: int, numbers: list[tuple[str, str, int]]) -> str:
    """Do one of four things to one of the items, as the page of a moment ago showed it."""
    request, number, version = numbers[position % ITEMS]
    try:
        match position // ITEMS % 5:
            case 0:
                submit(position)
            case 1 | 2:
                with unit_of_work(("helena", "igor")[position % 2]) as uow:
                    requests.decide(uow, number, Choice.APPROVE, version=version)
            case 3:
                with unit_of_work("ana") as uow:
                    revisions.change(uow, number, {"group": GROUPS[position % 4]}, version=version)
            case _:
                with unit_of_work("ana") as uow:
                    requests.cancel(uow, request, "no longer")
    except Stale as late:
        return "Stale" if late.theirs["version"] != version else "told a wrong version"
    except DeskError as refused:
        return type(refused).__name__
    return "done"


def test_fifty_at_once_on_the_same_items_lose_nothing_and_double_nothing(cast: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_DATA_DIR", str(tmp_path))  # another test's file of anchors is none of ours
    settings.cache_clear()
    numbers = []
    for position in range(ITEMS):
        request, number = asked(key=f"first-{position:016d}")
        with unit_of_work(SYSTEM) as uow:
            numbers.append((request, number, uow.get(Item, number, lock=False).version))
    with ThreadPoolExecutor(12) as pool:
        said = Counter(pool.map(lambda position: act(position, numbers), range(50)))
    assert set(said) <= {"done", "Stale", "ActionNotAllowed", "Forbidden", "NotFound"}, said
    assert said["done"] >= ITEMS
    with unit_of_work(SYSTEM) as uow:  # what was changed is planned, as its flow would
        waiting = uow.session.scalars(select(Item.number).where(Item.state == "requested")).all()
    for number in waiting:
        with unit_of_work(SYSTEM) as uow:
            fulfilment.store_plan(uow, number, PLAN)
    with database.sessions()() as session:
        assert session.scalar(select(func.count()).select_from(Request)) == 2 * ITEMS
        twice = select(Vote.round_id).group_by(Vote.round_id, Vote.voter_id).having(func.count() > 1)
        assert session.scalars(twice).all() == []
    for _, number, _version in numbers:
        names = event_names(number)
        assert names.count("item.cancel") <= 1
        assert names.count("item.change") <= 1  # the second edit saw an older version: it was told so
        assert names.count("item.approve") <= 1
    assert audit.verify().findings == []
