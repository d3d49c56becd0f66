"""Small questions over HTTP and TCP: does a server answer, and what is it still waiting for?"""

import json
import socket
from base64 import b64encode
from urllib.error import HTTPError
from urllib.request import Request, urlopen

SECONDS = 5


def answers(address: str, auth: str = "") -> bool:
    """Say whether an http address answers 200, with `user:password` when given."""
    request = Request(address)                                  # noqa: S310  the operator's own address
    if auth:
        request.add_header("Authorization", "Basic " + b64encode(auth.encode()).decode())
    try:
        with urlopen(request, timeout=SECONDS) as answer:       # noqa: S310  see above
            return bool(answer.status == 200)
    except OSError:
        return False


def listens(host: str, port: int) -> bool:
    """Say whether somebody takes connections there."""
    try:
        socket.create_connection((host, port), timeout=SECONDS).close()
    except OSError:
        return False
    return True


def unready(host: str, port: int) -> str:
    """Return what `/readyz` still waits for, or an empty string when all is ready."""
    try:
        with urlopen(f"http://{host}:{port}/readyz", timeout=SECONDS) as answer:
            answer.read()
        return ""
    except HTTPError as error:
        with error:
            return _failing(error.read())
    except OSError:
        return "web"


def _failing(body: bytes) -> str:
    try:
        checks = json.loads(body)["checks"]
    except (ValueError, KeyError, TypeError):
        return "web"
    return ", ".join(name for name, check in checks.items() if check.get("status") != "ok") or "web"
