"""A real browser against the real application, on a port of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import WSGIRequestHandler, make_server

from app.settings import settings
from app.web.application import create_app

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE, DESK = (360, 740), (1280, 800)


class Silent(WSGIRequestHandler):
    """Says nothing of each request."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Drop the line."""


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve the application on a free port under its own address."""
    monkeypatch.setenv("DESK_DEMO", "1")
    server = make_server("127.0.0.1", 0, lambda environ, start: application(environ, start), threaded=True, request_handler=Silent)
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("DESK_BASE_URL", address)
    settings.cache_clear()
    application = create_app()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield address
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        settings.cache_clear()


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where the pages are."""
    with serving(monkeypatch) as found:
        yield found


@contextmanager
def opened(
    chromium: Browser, address: str, *, language: str = "en", theme: str = "light", size: tuple[int, int] = DESK, script: bool = True
) -> Iterator[BrowserContext]:
    """A fresh browser profile of one reader; whatever the console complains about fails the test."""
    context = chromium.new_context(
        viewport={"width": size[0], "height": size[1]}, locale={"en": "en-GB", "pt": "pt-BR"}[language], java_script_enabled=script,
        reduced_motion="reduce", timezone_id="America/Sao_Paulo",
    )  # fmt: skip
    context.set_default_timeout(10_000)
    context.add_cookies([{"name": f"desk_{name}", "value": value, "url": address} for name, value in (("language", language), ("theme", theme))])
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    try:
        yield context
    finally:
        context.close()
    # A 4xx of the page itself is what some tests are about, and the browser reports it as an error.
    assert not [text for text in complaints if "Failed to load resource" not in text]


def axe(page: Page) -> list[str]:
    """Return what axe finds, one line for each rule and element."""
    page.evaluate(AXE.read_text("utf-8"))  # evaluated by the debugger, so the page's own policy stays as it is
    found = page.evaluate("tags => axe.run(document, {runOnly: tags})", RULES)
    return [f"{violation['id']}: {node['target']} {node['failureSummary']}" for violation in found["violations"] for node in violation["nodes"]]


def width_overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
