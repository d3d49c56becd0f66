"""/styleguide: every part of the design system, alive, in the reader's language and theme. Demonstration and development only."""

from datetime import UTC, datetime, timedelta

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, DateField, Form, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from app.rules.words import t
from app.web.permission import public
from app.web.shown import say

bp = Blueprint("styleguide", __name__, url_prefix="/styleguide")


class SampleForm(Form):
    """One field of each kind."""

    title = StringField(t("What do you need?"), [InputRequired(t("Say what you need."))], description=t("A few words are enough."))
    group = SelectField(t("Which group?"), [InputRequired()])
    until = DateField(t("Until"), [Optional()])
    reason = TextAreaField(t("Why"), [Optional()], description=t("Your manager reads this."))
    whom = RadioField(t("For whom?"), [InputRequired(t("Choose for whom it is."))])
    again = BooleanField(t("Tell me when it ends"), description=t("A message, seven days before."))

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Fill the choices in the reader's language."""
        super().__init__(*args, **kwargs)
        self.group.choices = [SelectChoice("finance-ro", "finance-ro"), SelectChoice("finance-rw", "finance-rw")]
        self.whom.choices = [SelectChoice("me", say(t("For me"))), SelectChoice("other", say(t("For someone else")))]


@bp.get("/")
@public
def show() -> ResponseReturnValue:
    """Show every part."""
    wrong = SampleForm(data={"title": ""})
    wrong.validate()
    now = datetime.now(UTC)
    return render_template("styleguide/show.html", form=SampleForm(data={"whom": "me"}), wrong_form=wrong, now=now, timedelta=timedelta)


@bp.get("/workspace")
@public
def workspace() -> ResponseReturnValue:
    """Show a list page as those who work here see it."""
    return render_template("styleguide/workspace.html", now=datetime.now(UTC), timedelta=timedelta)


@bp.post("/toast")
@public
def toast() -> ResponseReturnValue:
    """Come back with a message."""
    flash(say(t("Sent. You will hear from us by Tuesday.")), "success")
    return redirect(url_for(".show"), code=303)
