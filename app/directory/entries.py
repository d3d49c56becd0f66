"""One entry as the directory gave it: attributes are bytes, in any spelling of their names, with any number of values."""

import uuid
from collections.abc import Iterable, Mapping

import ldap
import ldap.dn


class Entry:
    """A DN and its attributes; names are compared without case, text is UTF-8."""

    def __init__(self, dn: str, attributes: Mapping[str, Iterable[bytes]]) -> None:
        """Keep the values; an option such as `;lang-pt` is another attribute, as in LDAP."""
        self.dn = dn
        self._values = {name.casefold(): list(values) for name, values in attributes.items()}

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value as text, in the directory's order, without empty ones."""
        texts = (value.decode("utf-8", "replace").strip() for value in self._values.get(name.casefold(), ()))
        return tuple(text for text in texts if text)

    def first(self, *names: str) -> str:
        """Return the first value of the first of these attributes that has one, else ''."""
        return next((values[0] for name in names if (values := self.all(name))), "")

    def number(self, name: str) -> int:
        """Return an integer attribute, 0 when it is not there."""
        try:
            return int(self.first(name) or 0)
        except ValueError:
            return 0

    def stable_id(self, name: str) -> str:
        """Return entryUUID as it is, or objectGUID's 16 bytes written the same way."""
        raw = next(iter(self._values.get(name.casefold(), ())), b"")
        return str(uuid.UUID(bytes_le=raw)) if len(raw) == 16 else raw.decode("ascii", "replace")

    def range_of(self, name: str) -> str | None:
        """Return the attribute's name with its range when the server gave a part (`member;range=0-1499`), else None."""
        return next((each for each in self._values if each.startswith(f"{name.casefold()};range=")), None)

    def with_values(self, name: str, values: Iterable[bytes]) -> "Entry":
        """Return the entry with one attribute replaced."""
        return Entry(self.dn, self._values | {name.casefold(): list(values)})


def normal(dn: str) -> str:
    """Return one spelling for all spellings of a DN: case, spaces, escapes, and the order inside a multi-valued RDN."""
    try:
        parts = ldap.dn.str2dn(dn)
    except ldap.DECODING_ERROR:
        return dn.strip().casefold()
    return str(ldap.dn.dn2str([
        sorted((name.casefold(), " ".join(value.casefold().split()), flags) for name, value, flags in part)
        for part in parts
    ]))
