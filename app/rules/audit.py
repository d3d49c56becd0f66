"""The hash chain of a stream of events: what is hashed, and how a broken chain shows."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

GENESIS = bytes(32)
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)  # made once: `desk verify` uses it a million times


def digest(body: str) -> str:
    """Return the digest by which an event names a free text without holding it."""
    return hashlib.sha256(body.encode()).hexdigest()


def canonical(value: object) -> str:
    """Return one spelling of a JSON value, the same on every machine."""
    return _ENCODER.encode(value)


def event_hash(
    previous: bytes,
    *,
    stream: str,
    seq: int,
    name: str,
    actor: str,
    at: datetime,
    before: Mapping[str, object],
    after: Mapping[str, object],
    note_digest: str | None,
) -> bytes:
    """Return the hash of an event: over the previous event's hash and everything the event says."""
    said = canonical(
        [stream, seq, name, actor, at.astimezone(UTC).isoformat(timespec="microseconds"), dict(before), dict(after), note_digest]
    )
    return hashlib.sha256(previous + said.encode()).digest()
