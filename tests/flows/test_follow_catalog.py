"""A file of the catalogue is in service seconds after it was saved, whatever happens in between."""

import re
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app import database
from app.queries import catalog
from app.services import fulfilment, requests
from app.settings import ROOT
from app.unit_of_work import SYSTEM, unit_of_work
from flows import follow_catalog
from tests.databases import forget_settings


@pytest.fixture
def folder(db, tmp_path: Path, monkeypatch) -> Path:
    copied = Path(shutil.copytree(ROOT / "catalog", tmp_path / "catalog"))
    monkeypatch.setenv("DESK_CATALOG_DIR", str(copied))
    forget_settings()
    return copied


@pytest.fixture
def following(folder) -> Iterator[threading.Thread]:
    stop = threading.Event()
    thread = follow_catalog.start(stop)
    yield thread
    stop.set()
    thread.join(10)


def offered() -> dict[str, str]:
    with database.sessions()() as session:
        return {item.slug: item.target for item in catalog.offered(session)}


def within_five_seconds(slug: str, target: str | None) -> bool:
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if offered().get(slug) == target:
            return True
        threading.Event().wait(0.05)
    return False


def test_a_new_a_changed_and_a_lost_file_are_live_within_five_seconds(following, folder):
    assert within_five_seconds("access/vpn", "4h")
    words = (folder / "access" / "vpn.toml").read_text("utf-8")
    (folder / "access" / "tunnel.toml").write_text(words, "utf-8")
    assert within_five_seconds("access/tunnel", "4h")
    (folder / "access" / "tunnel.toml").write_text(words.replace('"4h"', '"6h"'), "utf-8")
    assert within_five_seconds("access/tunnel", "6h")
    (folder / "access" / "tunnel.toml").unlink()
    assert within_five_seconds("access/tunnel", None)


def test_the_guides_first_item_is_live_seconds_after_it_was_saved_and_can_be_ordered(cast, following, folder):
    """The newcomer's way: one file with one approval and one automatic step, copied from the guide."""
    guide = (ROOT / "docs" / "catalogue-item.md").read_text("utf-8")
    first = re.search(r"```toml\n(.*?)```", guide, re.DOTALL)
    assert first
    began = time.monotonic()
    (folder / "access" / "project-plaza.toml").write_text(first[1], "utf-8")
    assert within_five_seconds("access/project-plaza", "8h")
    assert time.monotonic() - began < 5
    with database.sessions()() as session:
        item = catalog.current(session, "access/project-plaza")
    assert (len(item.approvals), [step.do for step in item.steps]) == (1, ["directory.add_member"])
    with unit_of_work("ana") as uow:
        until = (uow.now + timedelta(days=30)).date().isoformat()
        order = requests.Order("first-0123456789abcdef", [requests.Line(item.slug, item.hash, {"until": until})])
        number = requests.submit(uow, order).items[0].number
    with unit_of_work(SYSTEM) as uow:
        (step,) = fulfilment.bound_steps(uow, number)
    assert (step.action, dict(step.params)) == ("directory.add_member", {"person": "ana", "group": "project-plaza"})


def test_a_folder_that_comes_back_is_followed_again(following, folder):
    assert within_five_seconds("access/vpn", "4h")
    away = folder.rename(folder.with_name("away"))
    vpn = away / "access" / "vpn.toml"
    vpn.write_text(vpn.read_text("utf-8").replace('"4h"', '"6h"'), "utf-8")
    assert not within_five_seconds("access/vpn", None)
    away.rename(folder)
    assert within_five_seconds("access/vpn", "6h")
    assert following.is_alive()
