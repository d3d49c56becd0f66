"""Naming somebody who decides: in my place, or where nobody may."""

from wtforms.validators import InputRequired

from app.forms.base import Form
from app.forms.catalog import Lookup, PersonField
from app.rules.words import t


class NamedForm(Form):
    """One person."""

    person = PersonField(t("Who decides?"), [InputRequired(t("Say who decides."))])

    def find(self, lookup: Lookup) -> bool:
        """Resolve the words for the person; False when they mean nobody, or several."""
        if (lost := self.person.resolve(lookup)) is not None:
            self.refuse({"person": lost})
        return not self.person.errors
