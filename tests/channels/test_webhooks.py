"""Webhooks are signed as Standard Webhooks says, keep their id, and each answer of the other side has its meaning."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from app.channels import webhooks
from app.rules.errors import ActionNotAllowed, Unavailable
from app.settings import settings
from tests.receiver import Receiver, receiver

# The example of the standard's own libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", datetime.fromtimestamp(1614265330, UTC), b'{"test": 2432232314}'
SIGNED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
OTHER = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


def secret(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("DESK_WEBHOOK_SECRET", value)
    settings.cache_clear()


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A system that may be called, and a secret it knows."""
    with receiver() as system:
        monkeypatch.setenv("DESK_OUTBOUND_INSIDE", f"127.0.0.1:{system.port}")
        secret(monkeypatch, SECRET)
        yield system
    settings.cache_clear()


def test_the_signature_is_that_of_the_standard(monkeypatch: pytest.MonkeyPatch, hook: Receiver) -> None:
    assert webhooks.signature(ID, AT, BODY, webhooks.secrets()) == SIGNED
    secret(monkeypatch, f"{OTHER} {SECRET}")
    newest, older = webhooks.signature(ID, AT, BODY, webhooks.secrets()).split()
    assert (older, newest[:3], newest != SIGNED) == (SIGNED, "v1,", True)


@pytest.mark.parametrize("value", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!", "not base64 at all", f"{SECRET} short"])
def test_without_a_good_secret_nothing_is_sent(monkeypatch: pytest.MonkeyPatch, hook: Receiver, value: str) -> None:
    secret(monkeypatch, value)
    with pytest.raises(ActionNotAllowed):
        webhooks.send(hook.url, ID, "item.done", {}, AT)
    assert hook.calls == []


def test_what_arrives_can_be_checked_by_whoever_knows_the_secret(hook: Receiver) -> None:
    for _ in range(2):
        assert webhooks.send(hook.url, "RIT0000001:tell", "guest.expected", {"text": "Olá"}, AT) == 204
    (headers, body), (again, same) = hook.calls
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    assert webhooks.signature(headers["webhook-id"], at, body, webhooks.secrets()) == headers["webhook-signature"]
    assert (headers["webhook-id"], again["webhook-id"], body) == ("RIT0000001:tell", "RIT0000001:tell", same)
    assert json.loads(body) == {"type": "guest.expected", "timestamp": "2021-02-25T15:02:10+00:00", "data": {"text": "Olá"}}


@pytest.mark.parametrize(
    ("status", "error"),
    [(500, Unavailable), (503, Unavailable), (429, Unavailable), (408, Unavailable), (400, ActionNotAllowed), (401, ActionNotAllowed),
     (410, ActionNotAllowed), (302, ActionNotAllowed)],
)  # fmt: skip
def test_an_answer_means_later_or_no(hook: Receiver, status: int, error: type[Exception]) -> None:
    hook.status, hook.location = status, hook.url if status == 302 else ""
    with pytest.raises(error, match=str(status)):
        webhooks.send(hook.url, ID, "item.done", {}, AT)
    assert len(hook.calls) == 1
