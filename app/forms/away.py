"""Naming somebody who decides in one's place."""

from wtforms.fields import DateField
from wtforms.validators import InputRequired

from app.forms.base import Form
from app.forms.catalog import Lookup, PersonField
from app.rules.words import t


class AwayForm(Form):
    """Who, and from which day to which."""

    delegate = PersonField(t("Who decides in your place?"), [InputRequired(t("Say who decides in your place."))])
    starts_on = DateField(t("First day"), [InputRequired(t("Say from which day."))])
    ends_on = DateField(t("Last day"), [InputRequired(t("Say until which day."))])

    def find(self, lookup: Lookup) -> bool:
        """Resolve the words for the person; False when they mean nobody, or several."""
        if (lost := self.delegate.resolve(lookup)) is not None:
            self.refuse({"delegate": lost})
        return not self.delegate.errors
