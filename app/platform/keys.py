"""The secrets of a private installation: made at random on the first start, kept in `<data>/secrets.toml` (0600)."""

import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Keys:
    """What signs cookies and links, and what Prefect's API asks for (`user:password`)."""

    secret_key: str
    prefect_auth_string: str


def kept_or_made(file: Path) -> Keys:
    """Return the keys in `file`; what is missing there is made now and added."""
    known = tomllib.loads(file.read_text()) if file.is_file() else {}
    keys = Keys(
        secret_key=known.get("secret_key") or secrets.token_urlsafe(48),
        prefect_auth_string=known.get("prefect_auth_string") or f"desk:{secrets.token_urlsafe(24)}",
    )
    if known.keys() != vars(keys).keys():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.chmod(0o600)
        lines = "".join(f'{name} = "{value}"\n' for name, value in vars(keys).items())
        file.write_text("# Made by the first start. Whoever reads this file can sign in as anybody.\n" + lines)
    return keys
