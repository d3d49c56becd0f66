"""Somebody at a browser of a trial's desk, over HTTP: signs in, fills in a form, sends it."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from flows.cli.installation import Trial

PLAYER = re.compile(r"│ (\w+(?: other)?) +│ (\S+-\d\d) ")
MAIN = re.compile(r"<main.*", re.DOTALL)
HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>')
ATTRIBUTE = re.compile(r'(name|value)="([^"]*)"')


class Visitor:
    """One person who is signed in; every answer is the page's own."""

    def __init__(self, client: httpx.Client) -> None:
        """Visit through this client."""
        self._client = client

    def fields(self, path: str, **typed: str) -> dict[str, str]:
        """Open a form and return what a browser would send of it, with these answers."""
        return _hidden(self._client.get(path).raise_for_status().text) | typed

    def look(self, path: str) -> str:
        """Open a page and return it."""
        return self._client.get(path).raise_for_status().text

    def checked(self, path: str, fields: dict[str, str]) -> dict[str, str]:
        """Send a form to be checked and return what the page of checked answers would send."""
        return _hidden(self._client.post(path, data=fields).raise_for_status().text)

    def send(self, path: str, fields: dict[str, str]) -> str:
        """Send a form that answers with another page; return that page's path."""
        answer = self._client.post(path, data=fields)
        if answer.status_code != httpx.codes.SEE_OTHER:
            raise RuntimeError(f"{path} answered {answer.status_code}, request {answer.headers.get('X-Request-ID')}")
        return str(answer.headers["Location"])


@contextmanager
def signed_in(trial: Trial, login: str) -> Iterator[Visitor]:
    """Come in with the password that the demonstration's first start printed."""
    passwords = dict(PLAYER.findall((trial.folder / "start.log").read_text()))
    with httpx.Client(base_url=trial.address, timeout=20) as client:
        visitor = Visitor(client)
        word = passwords.get(login) or passwords["any other"]
        visitor.send("/sign-in", visitor.fields("/sign-in", login=login, password=word))
        yield visitor


def milliseconds(trial: Trial, method: str, path: str) -> list[float]:
    """Return how long the server took for each of these requests, as its own log says."""
    found = []
    for line in (trial.folder / "desk" / "log" / "web.log").read_text().splitlines():
        entry = json.loads(line) if line.startswith("{") else {}
        if (entry.get("event"), entry.get("method"), entry.get("path")) == ("web.request", method, path):
            found.append(float(entry["milliseconds"]))
    return found


def _hidden(page: str) -> dict[str, str]:
    main = MAIN.search(page)
    inputs = [dict(ATTRIBUTE.findall(each)) for each in HIDDEN.findall(main[0] if main else page)]
    return {each["name"]: each.get("value", "") for each in inputs if "name" in each}
