"""Forms of signing in and of one's own account."""

from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import available_timezones

from wtforms.fields import PasswordField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from app.forms.base import Form, options
from app.rules.words import t
from app.services.passwords import LONGEST, SHORTEST

NEW: Final = {"autocomplete": "new-password", "minlength": SHORTEST, "maxlength": LONGEST}
OLD: Final = {"autocomplete": "current-password"}
ONE_CODE: Final = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
NEEDED: Final = t("This is needed.")


class CodeForm(Form):
    """A code of the second factor, or a recovery code."""

    code = StringField(t("Code"), validators=[InputRequired(t("Type the code.")), Length(max=64)], render_kw=ONE_CODE)


class ForgottenForm(Form):
    """Who would like a link to set a new password."""

    login = StringField(
        t("User name or e-mail address"),
        validators=[InputRequired(t("Type your user name or e-mail address.")), Length(max=254)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )


class NewPasswordForm(Form):
    """A new password, twice."""

    new_password = PasswordField(
        t("New password"),
        description=t("At least %(count)s characters; 15 or more are better. A few unrelated words are easy to remember.", count=SHORTEST),
        validators=[InputRequired(t("Type a new password."))],
        render_kw=NEW,
    )
    again = PasswordField(
        t("The same again"),
        validators=[InputRequired(t("Type the new password again."))],
        render_kw=NEW,
    )

    def validate_again(self, field: Any) -> None:
        """Refuse a second typing that differs from the first."""
        if field.data != self.new_password.data:
            raise ValidationError(t("The two passwords are not the same."))


class ConfirmForm(Form):
    """The password again, before something dangerous."""

    current_password = PasswordField(t("Your password now"), validators=[InputRequired(t("Type your password."))], render_kw=OLD)


class ChangePasswordForm(ConfirmForm, NewPasswordForm):
    """The password now, and a new one twice."""


class SetUpForm(NewPasswordForm):
    """The first administrator."""

    login = StringField(t("User name"), validators=[InputRequired(NEEDED), Length(max=64)], render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"})
    name = StringField(t("Full name"), validators=[InputRequired(NEEDED), Length(max=254)], render_kw={"autocomplete": "name"})
    email = StringField(t("E-mail address"), validators=[InputRequired(NEEDED), Length(max=254)], render_kw={"autocomplete": "email", "type": "email"})


class PreferencesForm(Form):
    """How somebody wants the desk; `speaks` is the language, a name that every form has for its own."""

    speaks = RadioField(t("Language"), choices=options([("en", "English"), ("pt", "Português")]), validators=[InputRequired()], validate_choice=False)
    timezone = SelectField(
        t("Time zone"), description=t("Times on every page, and in mail to you, are on this clock."),
        choices=options((zone, zone.replace("_", " ")) for zone in sorted(available_timezones()) if "/" in zone or zone == "UTC"),
        validators=[InputRequired()], validate_choice=False,
    )  # fmt: skip
    theme = RadioField(t("Theme"), choices=options([("system", t("As the system")), ("light", t("Light")), ("dark", t("Dark"))]), validators=[InputRequired()], validate_choice=False)
    density = RadioField(t("Density"), choices=options([("comfortable", t("Comfortable")), ("compact", t("Compact"))]), validators=[InputRequired()], validate_choice=False)

    def chosen(self) -> Mapping[str, str]:
        """Return what was sent."""
        return {"language" if field.name == "speaks" else field.name: str(field.data) for field in self if field.data}
