"""Digests that only this installation can compute: what the database keeps of tokens, codes and tried names."""

import hashlib
import hmac
from typing import Final

from app.rules.errors import Unavailable
from app.rules.words import t
from app.settings import settings

TOKEN_BYTES: Final = 32  # 256 bits


def key(purpose: str) -> bytes:
    """Return the key of one purpose, derived from the installation's secret; without a secret nothing is signed."""
    secret = settings().secret_key.get_secret_value()
    if not secret:
        raise Unavailable(t("No secret key: set DESK_SECRET_KEY, or start the desk with ./desk up, which makes one."))
    return hmac.digest(secret.encode(), purpose.encode(), hashlib.sha256)


def digest(purpose: str, *parts: object) -> str:
    """Return the keyed digest of these values in hexadecimal; each purpose gives another one."""
    said = "\x1f".join(str(part) for part in parts)
    return hmac.digest(key(purpose), said.encode(), hashlib.sha256).hex()
