"""An open page renews the part that changed, and all tabs of a browser share one stream."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import APIResponse, Browser, BrowserContext, Route, expect

from app.platform.ports import free_port
from tests.browser.conftest import opened, serving
from tests.databases import forget_settings
from tests.live.conftest import Live, sign_in, wait_for
from tests.live.conftest import serving as streaming
from tests.services.incidents_scene import do
from tests.services.test_majors import accepted
from tests.services.test_requests import decide
from tests.web.pages import asked

pytestmark = pytest.mark.browser


@dataclass
class Desk:
    """Pages and streams of one desk, and ana at a browser."""

    live: Live
    browser: BrowserContext
    address: str


@pytest.fixture
def desk(cast: str, chromium: Browser, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    port = free_port()
    monkeypatch.setenv("DESK_LIVE_PORT", str(port))
    forget_settings()
    with streaming(monkeypatch, port) as live, serving(monkeypatch) as address, opened(chromium, address) as browser:
        name, _, value = sign_in("ana").partition("=")
        browser.add_cookies([{"name": name, "value": value, "url": address}])
        yield Desk(live, browser, address)


def test_an_approval_shows_on_the_open_page_without_a_reload(desk: Desk) -> None:
    number, item = asked()
    page = desk.browser.new_page()
    page.goto(f"{desk.address}/requests/{number}")
    page.locator("textarea[name=body]").fill("half a sentence")
    page.evaluate("window.same = true")
    wait_for(lambda: any(item in (stream.allowed or ()) for stream in desk.live.server.hub.streams()))
    decide("helena", item)
    expect(page.locator("#standing")).to_contain_text("Igor Nunes", timeout=20_000)
    decide("igor", item)
    expect(page.locator("#standing")).to_contain_text("The group's owner agreed", timeout=20_000)
    assert page.evaluate("window.same") is True
    assert page.locator("textarea[name=body]").input_value() == "half a sentence"


def test_a_major_incident_shows_on_the_open_pages_of_those_it_affects(desk: Desk) -> None:
    page = desk.browser.new_page()
    page.goto(f"{desk.address}/requests/")
    page.evaluate("window.same = true")
    expect(page.locator("#outages")).to_be_empty()
    wait_for(lambda: any("outages" in stream.pages for stream in desk.live.server.hub.streams()))
    number = accepted(headline="Mail is down", headline_pt="O correio parou")
    expect(page.locator("#outages")).to_contain_text("Mail is down", timeout=20_000)
    do(number, "resolve")
    expect(page.locator("#outages")).to_be_empty(timeout=20_000)
    assert page.evaluate("window.same") is True


def test_a_change_heard_during_a_refresh_causes_another_one(desk: Desk) -> None:
    number, item = asked()
    page = desk.browser.new_page()
    page.goto(f"{desk.address}/requests/{number}")
    page.evaluate("""() => {
        window.heard = [];
        window.channel = new BroadcastChannel("desk-live");
        channel.onmessage = ({ data }) => { if (data.change) heard.push(data.change.number); };
    }""")
    wait_for(lambda: any(item in (stream.allowed or ()) for stream in desk.live.server.hub.streams()))
    held: list[tuple[Route, APIResponse]] = []

    def hold_the_first(route: Route) -> None:
        if not held:
            held.append((route, route.fetch()))
        else:
            route.continue_()

    page.route(f"**/requests/{number}", hold_the_first)
    with page.expect_request(f"**/requests/{number}"):
        decide("helena", item)
    page.evaluate("() => { heard.length = 0; }")
    decide("igor", item)
    page.wait_for_function("item => heard.includes(item)", arg=item)
    page.evaluate("() => new Promise((done) => setTimeout(done, 500))")  # timers fire in order: the page's own has fired
    [(route, answer)] = held
    route.fulfill(response=answer)
    expect(page.locator("#standing")).to_contain_text("The group's owner agreed", timeout=20_000)


def test_what_is_shown_stays_when_a_renewal_is_answered_by_an_error(desk: Desk) -> None:
    number, item = asked()
    page = desk.browser.new_page()
    page.goto(f"{desk.address}/requests/{number}")
    standing, ended = page.locator("#standing"), "window.ended = 0; addEventListener('htmx:finally:request', () => { ended += 1; })"
    page.evaluate(f"() => {{ {ended} }}")
    wait_for(lambda: any(item in (stream.allowed or ()) for stream in desk.live.server.hub.streams()))
    answers = iter((503, None, 404))

    def refuse(route: Route) -> None:
        status = next(answers)
        route.continue_() if status is None else route.fulfill(status=status, content_type="text/html", body='<div id="standing">Broken</div>')

    page.route(f"**/requests/{number}", refuse)
    decide("helena", item)
    page.wait_for_function("() => ended === 1")
    expect(standing).to_contain_text("Helena Souza")
    expect(standing).not_to_contain_text("Broken")
    page.wait_for_function("() => ended === 2")  # of itself, for the desk may be back
    expect(standing).to_contain_text("Igor Nunes")
    decide("igor", item)
    page.wait_for_function("() => ended === 3")
    expect(standing).to_contain_text("Igor Nunes")
    expect(standing).not_to_contain_text("Broken")


def test_tabs_share_one_stream_and_the_next_takes_over(desk: Desk) -> None:
    first, first_item = asked()
    second, second_item = asked(key="order-number-0002")
    hub = desk.live.server.hub
    one, two = desk.browser.new_page(), desk.browser.new_page()
    one.goto(f"{desk.address}/requests/{first}")
    wait_for(lambda: len(hub) == 1)
    two.goto(f"{desk.address}/requests/{second}")
    wait_for(lambda: len(hub) == 1 and {first_item, second_item} <= hub.streams()[0].wanted)
    one.close()
    wait_for(lambda: len(hub) == 1 and hub.streams()[0].wanted == {second, second_item})
    for who in ("helena", "igor"):
        decide(who, second_item)
    two.bring_to_front()
    expect(two.locator("#standing")).to_contain_text("The group's owner agreed", timeout=20_000)
