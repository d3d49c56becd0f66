"""What people are told about settings: where each comes from, which is wrong and why, which name nothing reads."""

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from app.rules.errors import DeskError
from app.rules.words import t

PREFIX = "DESK_"
HIDDEN = "(set, not shown)"
KINDS: dict[object, str] = {bool: "true or false", int: "a whole number", float: "a number", Path: "the path of a folder"}
Fields = Mapping[str, FieldInfo]


class WrongSettings(DeskError):
    """The desk does not start with such settings; the text has one line for each."""

    def __init__(self, error: ValidationError, fields: Fields) -> None:
        """Put the faults in plain words."""
        super().__init__(t("Wrong settings:\n%(faults)s", faults="\n".join(f"  {line}" for line in faults(error, fields))))


@dataclass(frozen=True)
class Row:
    """One setting as `desk config show` prints it."""

    variable: str
    shown: str
    source: str


def rows(values: BaseModel) -> list[Row]:
    """Return every setting with its value (secrets redacted) and its source."""
    return [Row(variable(name), _shown(getattr(values, name)), source(name)) for name in type(values).model_fields]


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + name.upper()


def _shown(value: object) -> str:
    if not isinstance(value, SecretStr):
        return str(value)
    secret = value.get_secret_value()
    if "://" not in secret:
        return HIDDEN if secret else ""
    parts = urlsplit(secret)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{f'{parts.username}:***@' if parts.username else ''}{host}{parts.path}"


def source(name: str) -> str:
    """Say where a setting's value comes from: `default`, `environment`, or the variable that names its file."""
    if os.environ.get(variable(name) + "_FILE"):
        return variable(name) + "_FILE"
    return "environment" if os.environ.get(variable(name)) else "default"


def warnings(fields: Fields) -> list[str]:
    """Name the DESK_* variables that nothing reads, with the one that was probably meant."""
    known = {variable(name) + end for name in fields for end in ("", "_FILE")}
    found = []
    for name in sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known):
        near = difflib.get_close_matches(name, known, n=1)
        found.append(f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else "."))
    return found


def faults(error: ValidationError, fields: Fields) -> list[str]:
    """Say for each wrong setting its name, the shape of what was given (never the value) and what is allowed."""
    found = []
    for fault in error.errors(include_url=False, include_context=False):
        name = str(fault["loc"][0])
        own_words = fault["type"] == "value_error" or name not in fields
        allowed = fault["msg"].removeprefix("Value error, ") if own_words else f"allowed: {possible(fields[name])}"
        found.append(f"{variable(name)} (from {source(name)}) is {_shape(fault['input'])}; {allowed}")
    return found


def _shape(value: object) -> str:
    text = str(value)
    if text.lstrip("-").isdigit():
        return f"a whole number of {len(text.lstrip('-'))} digits"
    return f"a text of {len(text)} characters"


def possible(field: FieldInfo) -> str:
    """Say in words which values a setting takes."""
    words = [KINDS.get(field.annotation, "a text")]
    for part in field.metadata:
        for name, word in (("ge", "from"), ("gt", "above"), ("le", "to"), ("lt", "below")):
            if (limit := getattr(part, name, None)) is not None:
                words.append(f"{word} {limit}")
    return " ".join(words)
