"""The form of a call: somebody tells an analyst what is wrong, who writes it down."""

import wtforms
from wtforms.fields import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from app.forms.base import AtMost, CreatingForm, options
from app.forms.catalog import PersonField
from app.rules.words import t

CHANNELS = (("phone", t("Phone")), ("in_person", t("In person")), ("email", t("E-mail")), ("chat", t("Chat")))
IMPACT = (("1", t("High impact")), ("2", t("Medium impact")), ("3", t("Low impact")))
URGENCY = (("1", t("High urgency")), ("2", t("Medium urgency")), ("3", t("Low urgency")))


class CallForm(CreatingForm):
    """Who called, what is wrong, how bad it is; what else its category asks is a form of its own. `origin`: the request that it really is."""

    origin = HiddenField()
    cancels = BooleanField(t("Cancel the request: nothing remains to be ordered"))

    caller = PersonField(t("Who reports it?"), validators=[InputRequired(t("Say who reports it."))])
    channel = RadioField(t("How did it come in?"), choices=options(CHANNELS), default="phone")
    title = StringField(
        t("What is wrong?"), description=t("In a few words, as you would say it on the phone."),
        validators=[InputRequired(t("Say in a few words what is wrong.")), AtMost(200)],
    )  # fmt: skip
    description = TextAreaField(t("Details"), description=t("What was tried, since when, what the screen says. Markdown works."))
    category = SelectField(t("What is it about?"), choices=[], validate_choice=False)
    service = SelectField(t("Which service?"), choices=[], validate_choice=False)
    impact = RadioField(t("Impact"), description=t("How many are hurt: one person is low, a team medium, a site or a service high."), choices=options(IMPACT), default="3")
    urgency = RadioField(t("Urgency"), description=t("How soon it hurts: work stopped is high."), choices=options(URGENCY), default="3")

    def came_through_the_portal(self) -> None:
        """What was ordered there can be said to have come in there."""
        self.channel.choices = [wtforms.SelectChoice("portal", self.say(t("Portal"))), *self.channel.choices]


SOON = (
    ("3", t("It is a nuisance")), ("2", t("I can work, but not well")), ("1", t("I cannot work at all")),
)  # fmt: skip


class ReportForm(CreatingForm):
    """What an employee says of something that does not work: five fields at most, beside what the chosen category asks."""

    title = StringField(
        t("What is wrong?"), description=t("In a few words, as you would say it on the phone."),
        validators=[InputRequired(t("Say in a few words what is wrong.")), AtMost(200)],
    )  # fmt: skip
    description = TextAreaField(t("What exactly happens?"), description=t("Since when, what you tried, what the screen says."))
    category = SelectField(t("What is it about?"), choices=[], validate_choice=False)
    urgency = RadioField(t("How does it hold you up?"), choices=options(SOON), default="3")
