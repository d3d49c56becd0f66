"""The catalogue as it was in a revision of Git."""

import io
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from app.catalog import Catalog, load

LONGEST_SECONDS = 60


class NoHistory(ValueError):
    """Git does not know the folder or the revision; the message is Git's own."""


def at(folder: Path, revision: str) -> Catalog:
    """Return what the folder held in that revision; items whose file was at fault then are not in it.

    An item that a bundle names and the revision does not have is told as that bundle's fault, as it was then.
    """
    if revision.startswith("-"):
        raise NoHistory(f"{revision}: not a revision")
    inside = _git(folder, "rev-parse", "--show-prefix").decode().strip()
    commit = _git(folder, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
    tree = _git(folder, "rev-parse", "--verify", f"{commit}:{inside.rstrip('/')}").decode().strip()
    top = Path(_git(folder, "rev-parse", "--show-toplevel").decode().strip())
    packed = _git(top, "archive", "--format=tar", tree)  # a tree has no folder it could be run in
    with TemporaryDirectory(prefix="desk-catalog-") as place:
        target = Path(place) / folder.name
        target.mkdir()
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            _unpack(archive, target)
        return load(target)


def _unpack(archive: tarfile.TarFile, target: Path) -> None:
    """Write the regular files of Git's archive; the filters of extractall came with Python 3.11.4 only."""
    for member in archive.getmembers():
        place, content = target / member.name, archive.extractfile(member) if member.isreg() else None
        if content is not None and place.resolve().is_relative_to(target.resolve()):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.read())


def _git(folder: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, check=False, timeout=LONGEST_SECONDS
        )
    except FileNotFoundError as missing:
        raise NoHistory("git is not installed") from missing
    if done.returncode:
        raise NoHistory(done.stderr.decode(errors="replace").strip().splitlines()[-1] if done.stderr else "git failed")
    return done.stdout
