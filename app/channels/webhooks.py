"""Webhooks as https://www.standardwebhooks.com says: a body of JSON, an id that stays the same, and a signature with a time.

Whoever receives one checks the signature with the shared secret, and drops an id that came before.
"""

import base64
import binascii
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any, Final

from app import outbound
from app.rules.errors import ActionNotAllowed, Unavailable
from app.rules.words import t
from app.settings import settings

PREFIX: Final = "whsec_"
LATER: Final = frozenset({408, 425, 429})   # beside 5xx: the same call may succeed another time
GONE: Final = 410
SHORTEST: Final = 24                        # bytes of a secret, as the standard wants


def secrets() -> list[bytes]:
    """Return the secrets to sign with, the newest first; ActionNotAllowed says what is wrong with the setting."""
    found = []
    for text in settings().webhook_secret.get_secret_value().split():
        try:
            key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            key = b""
        if len(key) < SHORTEST:
            raise ActionNotAllowed(t("DESK_WEBHOOK_SECRET must be whsec_ and at least 24 bytes as base64."))
        found.append(key)
    if not found:
        raise ActionNotAllowed(t("Webhooks need a secret to sign with: set DESK_WEBHOOK_SECRET_FILE."))
    return found


def signature(message_id: str, at: datetime, body: bytes, keys: list[bytes]) -> str:
    """Return the header webhook-signature; while a secret is changed, one signature by each."""
    signed = b".".join((message_id.encode(), str(int(at.timestamp())).encode(), body))
    return " ".join(f"v1,{base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}" for key in keys)


def send(url: str, message_id: str, event: str, data: dict[str, Any], at: datetime) -> int:
    """Tell an address what happened; the status of its yes. Unavailable: later; ActionNotAllowed: it will not take it."""
    keys, now = secrets(), datetime.now(UTC)
    body = json.dumps({"type": event, "timestamp": at.isoformat(), "data": data}, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json", "User-Agent": "balcao", "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature(message_id, now, body, keys),
    }  # fmt: skip
    status = outbound.post(url, body, headers).status
    host = outbound.check(url).hostname
    if 200 <= status < 300:
        return status
    if status >= 500 or status in LATER:
        raise Unavailable(t("%(host)s answered %(status)s. It is tried again.", host=host, status=status))
    if status == GONE:
        raise ActionNotAllowed(t("%(host)s wants no messages here any more (410). Take the step out of the item.", host=host))
    raise ActionNotAllowed(t("%(host)s refused the message: it answered %(status)s.", host=host, status=status))
