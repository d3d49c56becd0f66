"""Reads what the directory itself wrote about its changes: the proof that an effect happened, and how often."""

import base64
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class DirectoryChange:
    """One successful change: what kind, of which entry, by whom, and its lines (`add: member`, `member: uid=ana,...`)."""

    operation: str
    dn: str
    author: str
    lines: tuple[str, ...]

    def touches(self, attribute: str) -> bool:
        """Say whether it added or deleted values of an attribute."""
        return any(line in (f"add: {attribute}", f"delete: {attribute}", f"replace: {attribute}") for line in self.lines)

    def values(self, attribute: str) -> list[str]:
        """Return the values of an attribute that it names, added and deleted alike."""
        return [value for line in self.lines if (value := _value(line, attribute)) is not None]


def changes(audit_file: Path) -> list[DirectoryChange]:
    """Return every change in the file of the `auditlog` overlay, oldest first."""
    text = audit_file.read_text("utf-8") if audit_file.is_file() else ""
    found: list[DirectoryChange] = []
    block: list[str] = []
    for line in text.replace("\n ", "").splitlines():                   # LDIF folds long lines
        if line.startswith("# end "):
            found.append(_change(block))
            block = []
        elif line:
            block.append(line)
    return found


def membership_changes(audit_file: Path) -> list[DirectoryChange]:
    """Return the changes of groups' members only."""
    return [change for change in changes(audit_file)
            if any(change.touches(attribute) for attribute in ("member", "uniqueMember", "memberUid"))]


def _change(block: list[str]) -> DirectoryChange:
    heading, *lines = block                                             # "# modify 1795305109 <suffix> <author> IP=... conn=..."
    words = heading.split(" ")
    author = heading.split(" IP=")[0].split(" ", 4)[-1]
    dn = next((value for line in lines if (value := _value(line, "dn")) is not None), "")
    return DirectoryChange(words[1], dn, author, tuple(lines))


def _value(line: str, attribute: str) -> str | None:
    name, _, rest = line.partition(":")
    if name != attribute:
        return None
    return base64.b64decode(rest[1:].strip()).decode() if rest.startswith(":") else rest.strip()
