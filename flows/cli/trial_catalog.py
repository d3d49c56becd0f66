"""The catalogue of a trial: the company's own, and the items that only a trial orders."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from app.settings import ROOT


@contextmanager
def with_items(items: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield the setting that names a copy of the catalogue with these files ("access/name" → TOML) beside the others."""
    with tempfile.TemporaryDirectory(prefix="desk-trial-") as folder:
        catalog = Path(shutil.copytree(ROOT / "catalog", Path(folder) / "catalog"))
        Path(folder).chmod(0o755)
        for slug, text in items.items():
            (catalog / f"{slug}.toml").write_text(text, "utf-8")
        yield {"DESK_CATALOG_DIR": str(catalog)}
