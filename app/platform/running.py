"""What runs now in a data folder: `<data>/run.json`, for the other commands, for `desk faults`, and against two at once.

The file is readable by its owner only: its `environment` holds the addresses and passwords that commands need.
"""

import fcntl
import json
import os
import shutil
from dataclasses import asdict, dataclass
from io import TextIOWrapper
from pathlib import Path


@dataclass(frozen=True)
class Running:
    """A started installation: our process, its supervisor's folder, the page's address, and DESK_* for commands."""

    pid: int
    supervisor: str
    address: str
    environment: dict[str, str]

    def write(self, data: Path) -> None:
        """Tell the other commands; who reads it meanwhile finds all of it or nothing."""
        partial = data / "run.json.new"
        partial.unlink(missing_ok=True)
        partial.touch(mode=0o600)
        partial.write_text(json.dumps(asdict(self), indent=1))
        partial.replace(data / "run.json")

    @classmethod
    def read(cls, data: Path) -> "Running | None":
        """Return what runs in this data folder, or None."""
        try:
            found = cls(**json.loads((data / "run.json").read_text()))
            os.kill(found.pid, 0)
        except (FileNotFoundError, ProcessLookupError, json.JSONDecodeError):
            return None
        return found


def note_supervisor(data: Path, folder: Path) -> None:
    """Remember the supervisor's folder: it holds secrets, and one that is killed cannot clean up."""
    (data / "supervisor").write_text(f"{folder}\n")


def forget_supervisor(data: Path) -> None:
    """Delete the folder that an earlier supervisor left behind, if any."""
    if (note := data / "supervisor").is_file():
        shutil.rmtree(note.read_text().strip(), ignore_errors=True)
        note.unlink()


class AlreadyRunning(RuntimeError):
    """Another start holds this data folder."""


def claim(data: Path) -> TextIOWrapper:
    """Hold the data folder for this process; the returned file must stay open."""
    data.mkdir(parents=True, exist_ok=True)
    file = (data / "lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        found = Running.read(data)
        where = f" at {found.address} (process {found.pid})" if found else ""
        raise AlreadyRunning(
            f"The desk already runs from {data}{where}. Mend: stop it first, or choose another --data folder."
        ) from None
    return file
