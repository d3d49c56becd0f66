"""/styleguide: every part of the design system, alive, in the reader's language and theme. Demonstration and development only."""

from datetime import UTC, datetime, timedelta

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields import BooleanField, DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional

from app.forms.base import Form, options
from app.rules.words import t
from app.web.permission import public
from app.web.preferences import current_language
from app.web.shown import say

bp = Blueprint("styleguide", __name__, url_prefix="/styleguide")


class SampleForm(Form):
    """One field of each kind."""

    title = StringField(t("What do you need?"), [InputRequired(t("Say what you need."))], description=t("A few words are enough."))
    group = SelectField(t("Which group?"), [InputRequired()], choices=options([("finance-ro", "finance-ro"), ("finance-rw", "finance-rw")]))
    until = DateField(t("Until"), [Optional()])
    reason = TextAreaField(t("Why"), [Optional()], description=t("Your manager reads this."))
    whom = RadioField(t("For whom?"), [InputRequired(t("Choose for whom it is."))], choices=options([("me", t("For me")), ("other", t("For someone else"))]))
    again = BooleanField(t("Tell me when it ends"), description=t("A message, seven days before."))


@bp.get("/")
@public
def show() -> ResponseReturnValue:
    """Show every part."""
    form = SampleForm(data={"whom": "me"}, language=current_language())
    return render_template("styleguide/show.html", form=form, now=datetime.now(UTC), timedelta=timedelta)


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
