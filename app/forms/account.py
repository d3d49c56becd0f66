"""Forms of signing in and of one's own account."""

from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import available_timezones

from wtforms.fields import BooleanField, PasswordField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from app.forms.base import Form, options
from app.rules import news
from app.rules.words import t
from app.services.passwords import LONGEST, SHORTEST

NEW: Final = {"autocomplete": "new-password", "minlength": SHORTEST, "maxlength": LONGEST}
OLD: Final = {"autocomplete": "current-password"}
ONE_CODE: Final = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
NEEDED: Final = t("This is needed.")
TIME: Final = {"type": "time"}


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


def _way(kind: news.Kind) -> SelectField:
    name, hint = news.NAMES[kind]
    return SelectField(name, description=hint, choices=options(news.WAYS.items()), validators=[InputRequired()], validate_choice=False)


class NewsForm(Form):
    """How somebody wants to be told of each kind of news, and when mail waits."""

    answers = _way(news.Kind.ANSWERS)
    own = _way(news.Kind.OWN)
    decisions = _way(news.Kind.DECISIONS)
    given = _way(news.Kind.GIVEN)
    team = _way(news.Kind.TEAM)
    clocks = _way(news.Kind.CLOCKS)
    majors = _way(news.Kind.MAJORS)
    is_quiet = BooleanField(t("Quiet hours"), description=t("Mail waits until they are over, and then comes as one. The inbox does not wait."))
    quiet_from = StringField(t("From"), validators=[InputRequired()], render_kw=TIME)
    quiet_until = StringField(t("Until"), validators=[InputRequired()], render_kw=TIME)
    weekends = BooleanField(t("All of Saturday and Sunday as well"))

    def ways(self) -> dict[str, str]:
        """Return what was chosen for each kind of news."""
        return {kind.value: str(self[kind.value].data) for kind in news.Kind}

    def quiet(self) -> dict[str, Any] | None:
        """Return the quiet hours; None: none."""
        hours = {"from": self.quiet_from.data or "", "until": self.quiet_until.data or "", "weekends": bool(self.weekends.data)}
        return hours if self.is_quiet.data else None


def news_as_chosen(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what fills the form: what somebody chose, else what is usual."""
    hours = chosen.get("quiet")
    ways = {kind.value: chosen.get("ways", {}).get(kind, news.USUALLY.get(kind, news.Way.BOTH)) for kind in news.Kind}
    times = hours or {"from": "20:00", "until": "07:00", "weekends": False}
    return ways | {"is_quiet": bool(hours), "quiet_from": times["from"], "quiet_until": times["until"], "weekends": times["weekends"]}
