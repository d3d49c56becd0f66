"""Read the session's token from the cookie that the web process signs; the table decides whether it still counts."""

import hashlib
from http.cookies import CookieError, SimpleCookie

from itsdangerous import BadSignature, URLSafeTimedSerializer

from app.settings import settings

SALT = "cookie-session"  # Flask's, as are digest and derivation; the tests sign with Flask itself
TOKEN = "_user_id"  # noqa: S105  Flask-Login's name of what it keeps in the cookie


def token_hash(header: str) -> str | None:
    """Return the hash of the token in a Cookie header, or None where there is none of ours."""
    name = "__Host-desk" if settings().secure else "desk"
    try:
        morsel = SimpleCookie(header).get(name)
    except CookieError:
        return None
    secret = settings().secret_key.get_secret_value()
    if morsel is None or not secret:
        return None
    reader = URLSafeTimedSerializer(secret, salt=SALT, signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha1})
    try:
        content = reader.loads(morsel.value)
    except BadSignature:
        return None
    token = content.get(TOKEN) if isinstance(content, dict) else None
    return hashlib.sha256(token.encode()).hexdigest() if isinstance(token, str) else None
