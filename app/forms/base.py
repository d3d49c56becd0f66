"""What every form shares: the reader's language, errors in the order of the page, and the key against double sending."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

import wtforms
from wtforms.fields import HiddenField
from wtforms.validators import InputRequired, Regexp, ValidationError

from app.language import translate
from app.rules.words import LANGUAGES, Text, t


class Form(wtforms.Form):
    """A form in one language. Labels, hints, options and messages may be Text and come out as plain words.

    `general_errors` are those that belong to no field; the page shows them with the others on top.
    """

    def __init__(self, formdata: Any = None, *, language: str = LANGUAGES[0], **options: Any) -> None:
        """Take what was posted (a MultiDict, or None for an empty form) and the reader's language."""
        self.language = language if language in LANGUAGES else LANGUAGES[0]
        self.general_errors: list[str] = []
        super().__init__(formdata, meta={"locales": [self.language]}, **options)
        for field in self:
            field.label.text = self.say(field.label.text)
            field.description = self.say(field.description)
            if listed := getattr(field, "choices", None):  # the class owns these: another reader speaks otherwise
                field.choices = [replace(option, label=self.say(option.label)) for option in listed]

    def say(self, words: Text | str) -> str:
        """Return words in the reader's language; plain words as they are."""
        return translate(words, self.language) if isinstance(words, Text) else str(words)

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Check the shape; what is wrong stands in each field's errors, in the reader's language."""
        right = bool(super().validate(extra_validators))
        for field in self:
            field.errors = [self.say(words) for words in field.errors]
        return right

    def refuse(self, errors: Mapping[str, Text]) -> None:
        """Take the errors of a service's Invalid: to the fields of those names, the rest to the form."""
        for name, words in errors.items():
            if name in self:
                self[name].errors = [self.say(words)]
            else:
                self.general_errors.append(self.say(words))

    def error_summary(self) -> list[tuple[str, str]]:
        """Return (id of the control, message) for every wrong field, in the order of the page; the form's own first."""
        wrong = [(_first_control(field), self.summed_up(field)) for field in self if field.errors]
        return [*(("", words) for words in self.general_errors), *wrong]

    def summed_up(self, field: Any) -> str:
        """Return what stands on top of the page about a wrong field."""
        return str(field.errors[0])


class AtMost:
    """So many characters at most. WTForms' Length fills its message in by `%`, which a Text does not do: a long title was a 500."""

    def __init__(self, limit: int) -> None:
        """Keep the limit."""
        self.limit = limit

    def __call__(self, form: wtforms.Form, field: Any) -> None:
        """Refuse what is longer."""
        if len(field.data or "") > self.limit:
            raise ValidationError(t("At most %(limit)s characters.", limit=self.limit))


class CreatingForm(Form):
    """A form that makes something new: sending it twice makes it once."""

    submission_key = HiddenField(
        default=lambda: uuid4().hex,
        validators=[
            InputRequired(t("Open the form again: its key is missing.")),
            Regexp(r"[0-9A-Za-z_-]{16,64}\Z", message=t("Open the form again: its key is missing.")),
        ],
    )


def options(pairs: Iterable[tuple[str, Text | str]]) -> list[wtforms.SelectChoice]:
    """Return the options of a select or radio field from values and labels."""
    return [wtforms.SelectChoice(value, label) for value, label in pairs]


def _first_control(field: Any) -> str:
    if isinstance(field, wtforms.RadioField | wtforms.SelectMultipleField) and field.choices:
        return f"{field.id}-0"
    return str(getattr(field, "first_control", field.id))
