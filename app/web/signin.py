"""Sign-in: Flask-Security on our own people and sessions.

Flask's signed cookie holds a random token; the table `sign_in_sessions` its hash, and whether it still counts. One query at
the start of a request says who is asking (`app.web.current`). Flask-Security brings the form, Flask-Login's handling of
the session, time-based codes and recovery codes; what changes goes through services, and leaves events.
"""

from datetime import timedelta
from typing import Any, Final

from flask import Flask, g, request, session
from flask_security import Security, login_user
from flask_security.core import RoleMixin, UserMixin
from flask_security.datastore import UserDatastore
from flask_security.forms import LoginForm
from wtforms.fields import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired

from app import database
from app.queries import identity
from app.queries.identity import Identity, Stage
from app.rules.words import t
from app.services import keyed, sessions
from app.unit_of_work import SYSTEM, unit_of_work
from app.web import proof
from app.web.second_factor import Codes
from app.web.security_headers import PROBES
from app.web.views.preferences import local_path

TOKEN: Final = "_user_id"  # noqa: S105  Flask-Login's name of what it keeps in the cookie
SEEN_EVERY: Final = timedelta(minutes=1)
ISSUER: Final = "Balcão"


class SignedIn(UserMixin):
    """Somebody at a browser, as Flask-Security sees them: known by the token of the session."""

    active = True
    fs_uniquifier = ""

    def __init__(self, token: str) -> None:
        """Keep the token."""
        self.fs_uniquifier = token
        self.roles: list[RoleMixin] = []


class SessionStore(UserDatastore):
    """Finds whoever belongs to a token; changes go through services, never through here."""

    def find_user(self, case_insensitive: bool = False, **wanted: Any) -> SignedIn | None:
        """Return who has this token, if that is who asks now."""
        token = wanted.get("fs_uniquifier")
        found = here()
        if found is None or found.stage is not Stage.IN or not isinstance(token, str):
            return None
        return SignedIn(token) if sessions.hash_of(token) == found.sign_in.token_hash else None


class SignInForm(LoginForm):
    """User name or mail address, and password: of a local account, or of the company's directory."""

    email = remember = submit = None
    login = StringField(t("User name or e-mail address"), validators=[InputRequired(t("Type your user name or e-mail address."))])
    password = PasswordField(t("Password"), validators=[InputRequired(t("Type your password."))])
    next = HiddenField()

    def validate_next(self, field: Any) -> None:
        """Keep only a way back that stays here."""
        field.data = local_path(field.data or "")

    def validate(self, **_: Any) -> bool:
        """Say whether somebody has come in; then `token` is the new session's."""
        self.token: str | None = None
        if not super(LoginForm, self).validate():
            return False
        self.token = proof.sign_in(self.login.data, self.password.data, caller())
        if self.token is None:
            self.login.errors = [t("This user name or password is not right. Check both, and whether Caps Lock is on.")]
        return self.token is not None


def init_app(app: Flask) -> None:
    """Find out who is asking before anything else runs, and register the pages of signing in and of one's account."""
    from app.web.views import account, setup
    from app.web.views import signin as pages

    app.before_request(identify)
    app.config.update(
        SECURITY_BLUEPRINT_NAME=pages.bp.name,
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106  a scheme, not a secret
        SECURITY_PASSWORD_SINGLE_HASH=True,
        SECURITY_TWO_FACTOR=False,  # our pages ask for the code, by role; Flask-Security makes and checks it
        SECURITY_MULTI_FACTOR_RECOVERY_CODES=True,
        SECURITY_TOTP_SECRETS={"1": keyed.key("totp").hex()},
        SECURITY_TOTP_ISSUER=ISSUER,
        SECURITY_USE_REGISTER_V2=True,
        SECURITY_CLI_USERS_NAME=None,
        SECURITY_CLI_ROLES_NAME=None,
        SECURITY_DEFAULT_REMEMBER_ME=False,
    )
    store = SessionStore(SignedIn, RoleMixin)
    security = Security(app, store, register_blueprint=False, login_form=SignInForm, totp_cls=Codes)
    security.login_manager.session_protection = None  # the row decides, not a hash of address and browser
    security.login_manager.request_loader(lambda _: None)  # no tokens in headers or addresses
    for pages_of in (pages.bp, account.bp, setup.bp):
        app.register_blueprint(pages_of)


def here() -> Identity | None:
    """Return the session of this request, also while the second factor is still missing."""
    found: Identity | None = g.get("desk_identity")
    return found


def caller() -> proof.Caller:
    """Return where the request comes from."""
    return proof.Caller(request.remote_addr or "", request.headers.get("User-Agent", ""))


def identify() -> None:
    """Say who is asking: one query, and a write once a minute."""
    if request.endpoint == "static" or request.path in PROBES:
        return
    token = session.get(TOKEN)
    if not isinstance(token, str):
        return
    with database.sessions()() as db:
        found = identity.of(db, sessions.hash_of(token))
    if found is None:
        return
    if (why := found.has_ended) is not None:
        with unit_of_work(SYSTEM) as uow:
            sessions.end(uow, found.sign_in.id, why)
        return
    if found.real_now - found.sign_in.seen_at > SEEN_EVERY:
        with unit_of_work(SYSTEM) as uow:
            sessions.seen(uow, found.sign_in.id)
    g.desk_identity = found
    if found.stage is Stage.IN:
        g.person, g.actor = found.person, found.actor
        _renew_with_roles(found)


def _renew_with_roles(found: Identity) -> None:
    """Other roles, another token (a page only: what loads beside it must not lose its session)."""
    is_page = request.method == "GET" and request.headers.get("Sec-Fetch-Dest", "document") == "document"
    known = found.sign_in.data.get("roles")
    if known == sorted(found.actor.roles) or not is_page or "HX-Request" in request.headers:
        return
    with unit_of_work(found.actor) as uow:
        token = sessions.renew_once(uow, found.sign_in.id, found.sign_in.token_hash, "roles")
    if token is not None:
        session[TOKEN] = token


def enter(token: str, way: str = "") -> None:
    """Begin anew with this token: nothing that was in the cookie before stays, the CSRF token neither."""
    session.clear()
    g.pop("csrf_token", None)
    if way:
        session["next"] = way
    login_user(SignedIn(token), remember=False)


def leave() -> None:
    """End the session and empty the cookie."""
    if (found := here()) is not None:
        with unit_of_work(found.actor) as uow:
            sessions.end(uow, found.sign_in.id, "signed_out")
    session.clear()
    for name in ("desk_identity", "person", "actor", "csrf_token"):
        g.pop(name, None)
