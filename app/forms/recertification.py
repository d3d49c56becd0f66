"""Starting a review of access."""

from wtforms.fields import DateField, RadioField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length

from app.forms.base import Form, options
from app.rules.words import t


class CampaignForm(Form):
    """Which access is asked about, until when, and what becomes of what nobody answers for."""

    name = StringField(t("What is it called?"), [InputRequired(t("Give the campaign a name, such as the quarter.")), Length(max=200)],
                       description=t("For those who look after access, such as “Fourth quarter”."))  # fmt: skip
    scope = RadioField(
        t("Which access?"), default="all",
        choices=options([("all", t("Everything the desk has given")), ("some", t("Only these groups"))]),
    )  # fmt: skip
    groups = SelectMultipleField(t("Groups"), choices=[], validate_choice=False)
    due_on = DateField(t("Last day to answer"), [InputRequired(t("Say until which day."))],
                       description=t("Reviewers are reminded at half of the time and on the last day."))  # fmt: skip
    unanswered = RadioField(
        t("What becomes of access that nobody answers for?"),
        choices=options([("keep", t("It stays, and you see which it is")), ("revoke", t("It is taken away"))]),
    )  # fmt: skip
