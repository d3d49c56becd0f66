"""Somebody at a browser: signs in, presses what the page offers by pointer or by keyboard, and looks hard at each page."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import DESK, axe, opened, width_overflow
from tests.journeys.demonstration import Demonstration

SLOW = 60_000  # milliseconds: what Prefect has to do in between, on a machine that tests other things too
TABS = 80
TAGS = {"en": "en", "pt": "pt-BR"}
TELL_POLICY = "document.addEventListener('securitypolicyviolation', e => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`))"
IN_THE_OTHER_THEME = """async () => {
    const root = document.documentElement, before = root.dataset.theme;
    const isDark = before === 'dark' || (before === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
    const settle = async () => {
        await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
        await Promise.allSettled(document.getAnimations().map(one => one.finished));
    };
    root.dataset.theme = isDark ? 'light' : 'dark';
    await settle();
    const found = await axe.run(document, {runOnly: {type: 'rule', values: ['color-contrast']}});
    root.dataset.theme = before;
    await settle();
    return found.violations.flatMap(one => one.nodes.map(node => `${node.target} ${node.failureSummary}`));
}"""


class Visitor:
    """One person at one browser; `keys` presses everything by keyboard alone."""

    def __init__(self, page: Page, demo: Demonstration, language: str, *, keys: bool, script: bool) -> None:
        """Sit down; nothing is opened yet."""
        self.page, self.demo, self.language, self.keys, self.script = page, demo, language, keys, script
        self.main = page.locator("main")

    def sign_in(self, login: str) -> None:
        """Come in with the password of the directory, and read everything in this visitor's language."""
        self.open("/sign-in")
        self.type(self.page.locator("input[name=login]"), login)
        self.type(self.page.locator("input[name=password]"), self.demo.password(login))
        self.page.keyboard.press("Enter")
        expect(self.page).to_have_url(f"{self.demo.address}/", timeout=SLOW)
        if self.page.locator("html").get_attribute("lang") != TAGS[self.language]:
            self.press(self.page.locator("header summary"))
            self.press(self.page.locator(f"header button[name=language][value={self.language}]"))
        expect(self.page.locator("html")).to_have_attribute("lang", TAGS[self.language])

    def open(self, path: str) -> None:
        """Go to an address of the desk."""
        self.page.goto(self.demo.address + path, timeout=SLOW)

    def press(self, what: Locator) -> None:
        """Click it; by keyboard, walk there with Tab and press Enter."""
        if not self.keys:
            what.click()
            return
        self.walk_to(what)
        self.page.keyboard.press("Enter")

    def type(self, field: Locator, words: str) -> None:
        """Fill a field of words."""
        if not self.keys:
            field.fill(words)
            return
        self.walk_to(field)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(words)

    def choose(self, field: Locator, words: str) -> None:
        """Choose in a list by the first words of what it offers."""
        if self.keys:
            self.walk_to(field)
            self.page.keyboard.type(words)
        else:
            field.select_option(value=field.locator("option", has_text=words).first.get_attribute("value"))
        expect(field.locator("option:checked")).to_contain_text(words)

    def walk_to(self, what: Locator) -> None:
        """Press Tab until it has the focus, which must be seen."""
        expect(what).to_be_visible()
        for _ in range(TABS):
            if what.evaluate("element => element === document.activeElement"):
                expect(what).to_be_in_viewport()
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no Tab reaches {what}")

    def look(self, heading: str | re.Pattern[str] = "") -> None:
        """See that this is the page, alone under its heading, that nothing is cut off, and that axe finds nothing in either theme."""
        expect(self.page.locator("h1")).to_have_count(1)
        if heading:
            expect(self.page.locator("h1")).to_have_text(heading)
        if not self.script:
            return
        assert width_overflow(self.page) == 0, self.page.url
        assert axe(self.page) == [], self.page.url
        assert self.page.evaluate(IN_THE_OTHER_THEME) == [], self.page.url  # a theme changes colours and nothing else


@contextmanager
def visit(
    chromium: Browser, demo: Demonstration, login: str, language: str, *, size: tuple[int, int] = DESK, keys: bool = False, script: bool = True
) -> Iterator[Visitor]:
    """Let somebody sign in at a fresh browser; a complaint of its console or a breach of the page's policy fails the journey."""
    with opened(chromium, demo.address, language=language, size=size, script=script) as context:
        context.set_default_timeout(SLOW)
        context.add_init_script(TELL_POLICY)
        visitor = Visitor(context.new_page(), demo, language, keys=keys, script=script)
        visitor.sign_in(login)
        yield visitor
