"""The ordinary user that servers run as when root starts us: PostgreSQL refuses root, and nothing needs it."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ACCOUNT = "balcao"


def ordinary_user() -> pwd.struct_passwd | None:
    """Return the user to run a server as, or None when we are an ordinary user already.

    Root gets the system user `balcao` (made when missing), else `postgres`, else `nobody`.
    """
    if os.geteuid() != 0:
        return None
    if (found := _find(ACCOUNT)) is None and (useradd := shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")):
        made = [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        subprocess.run([*made, "--shell", "/usr/sbin/nologin", ACCOUNT], capture_output=True, check=False)
        found = _find(ACCOUNT)
    user = found or _find("postgres") or _find("nobody")
    if user is None:
        raise LookupError("root cannot run PostgreSQL and there is no ordinary user: useradd --system balcao")
    return user


def _find(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def as_user(user: pwd.struct_passwd | None) -> dict[str, Any]:
    """Return the keywords that make `subprocess` run a child as `user`, without our groups and our directory."""
    if user is None:
        return {"cwd": "/"}
    return {"cwd": "/", "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def give(path: Path, user: pwd.struct_passwd | None) -> None:
    """Make `path` belong to `user`."""
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid)


def may(user: pwd.struct_passwd | None, test: str, path: Path) -> bool:
    """Say whether `user` passes `test -x|-r|-w path`: asked of the kernel, because parents decide too."""
    command: Sequence[str] = ["/usr/bin/test", test, str(path)]
    return subprocess.run(command, check=False, **as_user(user)).returncode == 0
