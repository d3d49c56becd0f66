"""The automatic steps that a catalogue item may name, and what each wants to know.

Here is only what the catalogue's checker and the approver's words need; the four sides (plan, run, verify, undo) of
each action are in flows/actions/<outside system>.py, whose contract test compares itself with this table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.rules.words import Text, t


class Takes(StrEnum):
    """What a parameter accepts, and so which placeholders may stand in it."""

    PERSON = "person"  # exactly one person: {beneficiary}, {requester} or a field of kind person
    GROUP = "group"  # a field of kind directory-group, or the name of a group
    ADDRESS = "address"  # {<person>.mail}, or an address; never an address that somebody typed into a form
    LOGIN = "user name"  # a required field of kind text: the user name of somebody who is not there yet
    ATTRIBUTE = "attribute"  # one of ATTRIBUTES
    URL = "https address"  # written out in the file; nothing that was typed into a form
    LINE = "line"  # one line of words with placeholders
    TEXT = "text"  # words with placeholders


ATTRIBUTES: Final = ("title", "department", "telephone", "mobile", "room")
"""What a step may set of somebody in the directory; never a password, a membership or a user name."""


@dataclass(frozen=True)
class Parameter:
    """One thing an action wants to know; a translated one is given in every language (`text`, `text_pt`)."""

    name: str
    takes: Takes
    translated: bool = False
    optional: bool = False


@dataclass(frozen=True)
class ActionSpec:
    """The name and parameters of an action, its words for people, and whether it can be taken back."""

    name: str
    parameters: tuple[Parameter, ...]
    words: Text
    words_until: Text | None = None  # said of a step that ends; None: a step of this action cannot end
    undone_by: str = ""
    irreversible: bool = False

    def parameter(self, name: str) -> Parameter | None:
        """Return the parameter of that name, if the action has it."""
        return next((parameter for parameter in self.parameters if parameter.name == name), None)


_MEMBER = (Parameter("person", Takes.PERSON), Parameter("group", Takes.GROUP))

ACTIONS: Final[Mapping[str, ActionSpec]] = {
    spec.name: spec
    for spec in (
        ActionSpec(
            "directory.add_member",
            _MEMBER,
            t("Add %(person)s to the group %(group)s"),
            words_until=t("Add %(person)s to the group %(group)s until %(until)s"),
            undone_by="directory.remove_member",
        ),
        ActionSpec(
            "directory.remove_member",
            _MEMBER,
            t("Remove %(person)s from the group %(group)s"),
            undone_by="directory.add_member",
        ),
        ActionSpec(
            "directory.create_person",
            (
                Parameter("login", Takes.LOGIN),
                Parameter("name", Takes.LINE),
                Parameter("mail", Takes.LINE, optional=True),
                Parameter("department", Takes.LINE, optional=True),
                Parameter("title", Takes.LINE, optional=True),
                Parameter("manager", Takes.PERSON, optional=True),
            ),
            t("Create the account %(login)s for %(name)s"),
            undone_by="directory.disable_person",
        ),
        ActionSpec(
            "directory.disable_person",
            (Parameter("person", Takes.PERSON),),
            t("Disable the account of %(person)s"),
        ),
        ActionSpec(
            "directory.set_attribute",
            (Parameter("person", Takes.PERSON), Parameter("attribute", Takes.ATTRIBUTE), Parameter("value", Takes.LINE)),
            t("Set %(attribute)s of %(person)s to “%(value)s”"),
            undone_by="directory.set_attribute",
        ),
        ActionSpec(
            "access.end_all",
            (Parameter("person", Takes.PERSON),),
            t("End every access of %(person)s"),
            irreversible=True,
        ),
        ActionSpec(
            "mail.send",
            (
                Parameter("to", Takes.ADDRESS),
                Parameter("subject", Takes.LINE, translated=True),
                Parameter("text", Takes.TEXT, translated=True),
            ),
            t("Send the message “%(subject)s” to %(to)s"),
            irreversible=True,
        ),
        ActionSpec(
            "webhook.call",
            (Parameter("url", Takes.URL), Parameter("event", Takes.LINE), Parameter("text", Takes.TEXT)),
            t("Tell %(url)s: %(event)s"),
            irreversible=True,
        ),
    )
}


def spec_of(name: object) -> ActionSpec | None:
    """Return the action of that name, if the desk has it."""
    return ACTIONS.get(name) if isinstance(name, str) else None
