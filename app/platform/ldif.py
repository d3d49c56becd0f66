"""Writes LDIF (RFC 2849), the text in which directories are filled."""

import base64
from collections.abc import Mapping, Sequence

Values = str | Sequence[str]


def entry(dn: str, attributes: Mapping[str, Values]) -> str:
    """Return one entry; an attribute without a value is left out, a value that LDIF cannot hold becomes base64."""
    lines = [_line("dn", dn)]
    for name, values in attributes.items():
        lines += [_line(name, value) for value in ([values] if isinstance(values, str) else values) if value]
    return "\n".join(lines) + "\n"


def _line(name: str, value: str) -> str:
    plain = value.isascii() and value.isprintable() and value == value.strip() and value[:1] not in (":", "<", "")
    return f"{name}: {value}" if plain else f"{name}:: {base64.b64encode(value.encode()).decode()}"
