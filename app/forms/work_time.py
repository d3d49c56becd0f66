"""How long somebody worked on a record, on which day, and what for."""

from typing import Any

from wtforms.fields import DateField, StringField, TextAreaField
from wtforms.validators import Optional, StopValidation, ValidationError

from app.forms.base import AtMost, Form
from app.rules import work_time
from app.rules.words import t

NOTE_LIMIT = 2_000  # characters


class TimeForm(Form):
    """`time` as people write it; an empty day is today."""

    time = StringField(t("How long?"), description=t("Such as 45, 1h30 or 1:30"))
    on = DateField(t("On which day?"), [Optional()])
    note = TextAreaField(t("What for?"), [AtMost(NOTE_LIMIT)], description=t("Only those who work here see it."))

    def validate_time(self, field: Any) -> None:
        """Refuse what says no length."""
        if work_time.minutes(field.data or "") is None:
            raise ValidationError(t("Write minutes, or hours and minutes: 45, 1h30 or 1:30."))

    @property
    def minutes(self) -> int:
        """Return the length once it is valid."""
        return work_time.minutes(self.time.data or "") or 0


class StopForm(TimeForm):
    """The same of a timer that is stopped: no length typed is the one it measured."""

    def validate_time(self, field: Any) -> None:
        """Take nothing as well."""
        if not (field.data or "").strip():
            raise StopValidation
        super().validate_time(field)
