"""Several people at the same items at the same moment, over HTTP: who is late is told 409; nothing lost, nothing doubled (attack 43)."""

import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from app import database
from app.cli.verify import verify
from app.models.approvals import Vote
from app.models.requests import Item, Request
from app.services import fulfilment, requests
from app.services.requests import Line, Order
from app.unit_of_work import SYSTEM, unit_of_work
from tests.browser.conftest import serving
from tests.cast import event_names, person_id
from tests.live.conftest import sign_in
from tests.web.pages import GROUP, PLAN
from tests.web.test_ordering import FORM, hidden

ITEMS = 5
OLD, WISHES = "finance-ro", ("crm-users", "wiki-editors")
PEOPLE = ("ana", "zeca", "rui", "igor", "bo")  # who ordered, for whom, the manager, the group's owner, an analyst
EFFECTS = {"approve": "item.vote", "reject": "item.vote", "edit": "item.change", "drop": "item.cancel"}


@dataclass(frozen=True)
class Post:
    """What one browser sends: the form of a page that was opened a moment ago, about the item of this position."""

    what: str
    who: str
    address: str
    fields: dict[str, str]
    item: str = ""


@pytest.fixture
def at_the_desk(cast: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, httpx.Client]]:
    """A browser of each of them, at a desk that is served by as many threads as ask."""
    monkeypatch.setenv("DESK_DATA_DIR", str(tmp_path))  # another test's file of anchors is none of ours
    with serving(monkeypatch) as address:
        browsers = {who: httpx.Client(base_url=address, timeout=60, headers={"Cookie": sign_in(who)}) for who in PEOPLE}
        yield browsers
        for browser in browsers.values():
            browser.close()


def opened(browser: httpx.Client, address: str, action: str = "") -> dict[str, str]:
    """Return the hidden fields of a page, or of one form of it."""
    answer = browser.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    if said := answer.headers.get("set-cookie"):  # from now on the session knows what the forms are signed with
        browser.headers["Cookie"] = said.partition(";")[0]
    page = answer.text
    return hidden(page if not action else "<main" + page.split(f'action="{action}"')[1].split("</form>")[0])


def forms_of(desk: dict[str, httpx.Client], position: int) -> list[Post]:
    """Open all pages about one order, so that ten forms show the same version of it."""
    with unit_of_work("ana") as uow:
        order = Order(f"first-{position:016d}", [Line(GROUP.slug, GROUP.hash, {"group": OLD})], person_id("zeca"))
        item = requests.submit(uow, order).items[0].number
    with unit_of_work(SYSTEM) as uow:
        fulfilment.store_plan(uow, item, PLAN)
        request = uow.get(Item, item, lock=False).request.number
    answers, drop, cancel = f"/requests/items/{item}/answers", f"/requests/items/{item}/cancel", f"/requests/{request}/cancel"
    vote = f"/approvals/{item}"
    new = {**opened(desk["ana"], FORM), "for_whom": "me", "answer_group": "vpn-users"}
    return [
        *[Post("submit", "ana", f"{FORM}/send", new)] * 2,
        *(Post("approve", who, vote, {**opened(desk[who], vote), "choice": "approve"}, item) for who in ("rui", "igor")),
        Post("reject", "igor", vote, {**opened(desk["igor"], vote), "choice": "reject", "comment": f"not now {position}"}, item),
        *(Post("edit", "ana", answers, {**opened(desk["ana"], answers), "answer_group": wish}, item) for wish in WISHES),
        *(Post("cancel", who, cancel, {**opened(desk[who], f"/requests/{request}", cancel), "reason": f"no longer {who}"}, item) for who in ("zeca", "bo")),
        Post("drop", "ana", drop, {**opened(desk["ana"], answers), "reason": f"not this {position}"}, item),
    ]


def test_43_fifty_forms_sent_at_once_lose_nothing_and_double_nothing(at_the_desk: dict[str, httpx.Client]) -> None:
    """Guard: the version in each form (records.expect), and the locks."""
    posts = [post for position in range(ITEMS) for post in forms_of(at_the_desk, position)]
    order = [posts[position * 7 % len(posts)] for position in range(len(posts))]  # mixed, and the same each time

    def send(post: Post) -> httpx.Response:
        return at_the_desk[post.who].post(post.address, data=post.fields)

    with ThreadPoolExecutor(16) as pool:
        said = list(zip(order, pool.map(send, order), strict=True))
    outcomes = Counter((post.what, answer.status_code) for post, answer in said)
    assert len(said) == 50
    assert {status for _, status in outcomes} == {303, 409}, outcomes
    for post, answer in said:
        if answer.status_code == 409:
            _shows_both(post, answer.text)
    with database.sessions()() as session:
        assert session.scalar(select(func.count()).select_from(Request)) == 2 * ITEMS
        assert session.scalars(select(Vote.round_id).group_by(Vote.round_id, Vote.voter_id).having(func.count() > 1)).all() == []
    for number in {post.item for post in posts if post.item}:
        _each_effect_once(number, [post for post, answer in said if post.item == number and answer.status_code == 303])
    books = CliRunner().invoke(verify, [])
    assert books.exit_code == 0, books.output


def _shows_both(post: Post, page: str) -> None:
    """Who was too late reads what is there now beside what was seen, and finds again what was typed."""
    assert "Somebody was faster" in page or "too late" in page, (post, re.sub(r"<[^>]+>", " ", page)[-1500:])
    if post.what != "edit":
        assert re.search(rf'data-label="What you saw">{post.fields["version"]}<', page), post
    for typed in ("comment", "reason", "answer_group"):
        assert post.fields.get(typed, "") in page, post


def _each_effect_once(number: str, taken: list[Post]) -> None:
    """What was answered "done" happened once, and nothing else did."""
    names = Counter(event_names(number))
    done = Counter(EFFECTS[post.what] for post in taken if post.what in EFFECTS)
    with unit_of_work(SYSTEM) as uow:
        item = uow.get(Item, number, lock=False)
        state, group, request = item.state, item.answers["group"], item.request.number
    canceled = Counter(event_names(request))["request.cancel"]
    assert (names["item.vote"], names["item.change"]) == (done["item.vote"], done["item.change"]), (number, names, taken)
    assert max(done["item.change"], done["item.cancel"] + canceled) <= 1, (number, names, taken)  # of those who had seen the same
    assert canceled == sum(post.what == "cancel" for post in taken) <= 1, (number, names, taken)
    assert names["item.cancel"] == (state == "canceled") == (canceled or done["item.cancel"]), (number, names, taken)
    assert group == next((post.fields["answer_group"] for post in taken if post.what == "edit"), OLD), (number, names, taken)
