"""Read the folder catalog/: a category a folder, an item a file. What is wrong is told; what is right is returned."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from app.rules.catalog import bundles
from app.rules.catalog.items import Category, Item
from app.rules.catalog.parsing import EVERYBODY, parse, parse_category
from app.rules.catalog.reading import Fault
from app.rules.words import Text, t
from app.settings import matrix

CATEGORY_FILE = "category.toml"
NOT_CATEGORIES = frozenset({"changes"})  # change models and templates live there
LARGEST_FILE = 64 * 1024  # bytes; a longer one is no form that anybody would fill in

Fingerprint = tuple[tuple[str, int, int], ...]


@dataclass
class Catalog:
    """What the folder holds: good items and categories by slug, and the faults of the others."""

    items: dict[str, Item] = field(default_factory=dict)
    categories: dict[str, Category] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)  # by the slug of the item or category

    def all_faults(self) -> list[Fault]:
        """Return every fault, by file and line."""
        return sorted((fault for each in self.faults.values() for fault in each), key=lambda one: (one.file, one.line))


def load(folder: Path) -> Catalog:
    """Read and check every file of the folder; FileNotFoundError when the folder itself is not there."""
    found = Catalog()
    for directory in _directories(folder):
        _keep_category(found, folder, directory)
        for path in sorted(directory.glob("*.toml")):
            if path.name != CATEGORY_FILE:
                _keep_item(found, folder, path)
    _check_bundles(found, folder)
    return found


def fingerprint(folder: Path) -> Fingerprint:
    """Return name, size and time of change of every file: cheap enough to be asked each two seconds."""
    rows = []
    for directory in _directories(folder):
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.name.endswith(".toml"):
                    status = entry.stat()
                    rows.append((f"{directory.name}/{entry.name}", status.st_mtime_ns, status.st_size))
    return tuple(sorted(rows))


class Watch:
    """Says whether the folder differs from what was last put into service; at first it always does."""

    def __init__(self, folder: Path) -> None:
        """Watch that folder; nothing is read before the first question."""
        self.folder = folder
        self._looked: Fingerprint | None = None
        self._served: Fingerprint | None = None

    def has_changed(self) -> bool:
        """Look at the folder; one that cannot be read counts as unchanged."""
        try:
            self._looked = fingerprint(self.folder)
        except OSError:  # a file vanished while we looked, or the folder is away: the next look will tell
            return False
        return self._looked != self._served

    def served(self) -> None:
        """Remember that what was there at the last look is in service; not called, it is asked for again."""
        self._served = self._looked


def _directories(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.name.startswith(".") and path.name not in NOT_CATEGORIES:
            yield path


def _keep_category(found: Catalog, folder: Path, directory: Path) -> None:
    path, slug = directory / CATEGORY_FILE, directory.name
    if not path.exists():
        what = t("The category “%(name)s” has no name.", name=slug)
        mend = t("Add a file %(file)s with name, name_pt and icon.", file=f"{slug}/{CATEGORY_FILE}")
        found.faults[slug] = [_fault(folder, path, what, mend)]
        return
    text = _text(folder, path)
    category = [text] if isinstance(text, Fault) else parse_category(text, _shown(folder, path))
    if isinstance(category, Category):
        found.categories[slug] = category
    else:
        found.faults[slug] = category


def _keep_item(found: Catalog, folder: Path, path: Path) -> None:
    slug = f"{path.parent.name}/{path.stem}"
    text = _text(folder, path)
    item = [text] if isinstance(text, Fault) else parse(text, _shown(folder, path), EVERYBODY | matrix().roles.keys())
    if isinstance(item, Item):
        found.items[slug] = item
    else:
        found.faults[slug] = item


def _check_bundles(found: Catalog, folder: Path) -> None:
    """A bundle is judged when all files are read; an item whose own file is at fault now counts as there."""
    known: dict[str, Item | None] = {**dict.fromkeys(found.faults), **found.items}
    for slug, item in list(found.items.items()):
        path = folder / f"{slug}.toml"
        text = _text(folder, path) if item.parts else ""
        faults = [text] if isinstance(text, Fault) else bundles.check_among(item, text, _shown(folder, path), known)
        if faults:
            found.faults[slug] = faults
            del found.items[slug]


def _text(folder: Path, path: Path) -> str | Fault:
    try:
        data = path.read_bytes()
    except OSError as error:
        what = t("The file cannot be read: %(why)s.", why=error.strerror or "")
        return _fault(folder, path, what, t("Look at its owner and its permissions."))
    if len(data) > LARGEST_FILE:
        what = t("The file is larger than %(most)s bytes.", most=LARGEST_FILE)
        return _fault(folder, path, what, t("Make it shorter."))
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = t("The file is not UTF-8 text.")
        return _fault(folder, path, what, t("Save it as UTF-8."), line)


def _fault(folder: Path, path: Path, what: Text, mend: Text, line: int = 1) -> Fault:
    return Fault(_shown(folder, path), line, what, mend)


def _shown(folder: Path, path: Path) -> str:
    """The file as its author knows it: from the folder on."""
    return f"{folder.name}/{path.relative_to(folder)}"
