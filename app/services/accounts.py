"""What people do with their own account: password, second factor, recovery codes, preferences."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from zoneinfo import available_timezones

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from app.models.people import OneTimeLink, Person
from app.queries import identity
from app.rules import news
from app.rules.errors import ActionNotAllowed, Invalid, NotFound
from app.rules.words import LANGUAGES, t
from app.services import keyed, links, messages, passwords, sessions
from app.settings import settings
from app.unit_of_work import UnitOfWork

CODE: Final = "code"  # a time-based code that was used: it never works again
CHOICES: Final = {
    "language": LANGUAGES,
    "theme": ("system", "light", "dark"),
    "density": ("comfortable", "compact"),
}


def named(uow: UnitOfWork, typed: str) -> Person | None:
    """Return whose user name or mail address this is."""
    wanted = typed.strip().lower()
    by_login = (Person.login == wanted).desc()
    query = select(Person).where(or_(Person.login == wanted, Person.email == wanted)).order_by(by_login).limit(1)
    return uow.session.scalars(query).one_or_none()


def set_password(uow: UnitOfWork, person: Person, password: str, field: str = "password") -> None:
    """Give a local account a password, tell its owner, and end what was open with the old one."""
    if person.source != "local":
        raise ActionNotAllowed(t("This password belongs to the company's directory; change it there."))
    passwords.check(password, own_words(person), field)
    first = person.password is None
    person.password = passwords.hashed(password)
    uow.record_event(_stream(person), "password.set" if first else "password.change")
    if not first:
        _tell(uow, person, "password_changed")


def change_password(uow: UnitOfWork, password: str, session_id: int) -> str:
    """Change the actor's password; the other sessions end, this one gets the returned token."""
    uow.check("account.manage")
    set_password(uow, _locked(uow, uow.actor.id), password, "new_password")
    sessions.end_others(uow, session_id, "password")
    return sessions.renew(uow, session_id, "password", {})


def ask_reset(uow: UnitOfWork, typed: str) -> None:
    """Send a link to whoever has this local account; whoever asks is not told whether there is one."""
    person = named(uow, typed)
    if person is None or not person.active or person.source != "local" or not person.email:
        uow.record_event(sessions.SIGN_IN_STREAM, "password.ask", after={"sent": False})
        return
    _send_link(uow, person, links.RESET, "password_reset")


def invite(uow: UnitOfWork, person_id: int) -> None:
    """Send somebody with a local account the link to choose a first password."""
    uow.check("people.manage")
    person = _locked(uow, person_id)
    if person.source != "local" or not person.active or not person.email:
        raise ActionNotAllowed(t("An invitation needs an active local account with a mail address."))
    _send_link(uow, person, links.INVITATION, "invitation")


def reset(uow: UnitOfWork, token: str, password: str) -> Person:
    """Set the password by a link that was mailed; the link is used up, every session ends."""
    link = links.use(uow, token, links.RESET, links.INVITATION)
    person = _locked(uow, link.person_id)
    if not person.active:
        raise NotFound("link")
    set_password(uow, person, password, "new_password")
    sessions.end_all(uow, person.id, "password")
    return person


def claim_code(uow: UnitOfWork, person_id: int, counter: int) -> bool:
    """Take a time-based code that was found right; False when it was taken before."""
    old = OneTimeLink.purpose == CODE, OneTimeLink.person_id == person_id, OneTimeLink.expires_at < func.now()
    uow.session.execute(delete(OneTimeLink).where(*old))
    row = insert(OneTimeLink).values(
        token_hash=keyed.digest("totp", person_id, counter), purpose=CODE, person_id=person_id, created_at=func.now(),
        expires_at=func.now() + timedelta(minutes=10), used_at=func.now(),
    )  # fmt: skip
    taken = row.on_conflict_do_nothing(index_elements=[OneTimeLink.token_hash]).returning(OneTimeLink.id)
    return uow.session.scalar(taken) is not None


def enrol(uow: UnitOfWork, secret: str, codes: Sequence[str], session_id: int) -> str:
    """Give the actor's account a second factor that has just been tried; return this session's new token."""
    uow.check("account.manage")
    person = _locked(uow, uow.actor.id)
    person.tf_primary_method, person.tf_totp_secret = "authenticator", secret
    person.mf_recovery_codes = [_code_digest(person.id, code) for code in codes]
    uow.record_event(_stream(person), "second_factor.enrol", after={"recovery_codes": len(codes)})
    _tell(uow, person, "second_factor_changed")
    sessions.end_others(uow, session_id, "second_factor")
    return sessions.renew(uow, session_id, "second_factor", {"second_factor": "totp", "totp": None})


def remove_second_factor(uow: UnitOfWork, person_id: int) -> None:
    """Take the second factor away: one's own where the roles allow it, or anybody's who lost the device."""
    mine = person_id == uow.actor.id
    uow.check("account.manage" if mine else "people.manage")
    if mine and identity.needs_second_factor(uow.actor.roles):
        raise ActionNotAllowed(t("Your roles need a second factor. Set up another device instead."))
    person = _locked(uow, person_id)
    if person.tf_totp_secret is None:
        return
    person.tf_primary_method = person.tf_totp_secret = None
    person.mf_recovery_codes = None
    uow.record_event(_stream(person), "second_factor.remove")
    _tell(uow, person, "second_factor_changed")
    if not mine:
        sessions.end_all(uow, person_id, "second_factor")


def new_recovery_codes(uow: UnitOfWork, codes: Sequence[str]) -> None:
    """Replace the actor's recovery codes; the old ones stop working."""
    uow.check("account.manage")
    person = _locked(uow, uow.actor.id)
    if person.tf_totp_secret is None:
        raise ActionNotAllowed(t("Set up a second factor first."))
    person.mf_recovery_codes = [_code_digest(person.id, code) for code in codes]
    uow.record_event(_stream(person), "recovery_codes.renew", after={"recovery_codes": len(codes)})


def use_recovery_code(uow: UnitOfWork, code: str) -> bool:
    """Use up one of the actor's recovery codes; False when it is none of them."""
    person = _locked(uow, uow.actor.id)
    given, held = _code_digest(person.id, code), list(person.mf_recovery_codes or [])
    if given not in held:
        return False
    held.remove(given)
    person.mf_recovery_codes = held
    uow.record_event(_stream(person), "recovery_codes.use", after={"recovery_codes": len(held)})
    _tell(uow, person, "recovery_code_used", left=len(held))
    return True


def prefer(uow: UnitOfWork, **chosen: str) -> Person:
    """Keep the actor's language, time zone, theme and density; Invalid names the one that does not exist."""
    uow.check("account.manage")
    wrong = {name: t("Choose one from the list.") for name, value in chosen.items() if not _is_choice(name, value)}
    if wrong:
        raise Invalid(wrong)
    person = _locked(uow, uow.actor.id)
    changed = {name: value for name, value in chosen.items() if getattr(person, name) != value}
    for name, value in changed.items():
        setattr(person, name, value)
    if changed:
        uow.record_event(_stream(person), "person.prefer", after={"fields": sorted(changed)})
    return person


def hear(uow: UnitOfWork, ways: Mapping[str, str], quiet: Mapping[str, Any] | None) -> None:
    """Keep how the actor wants to be told of each kind of news, and the hours in which mail waits; Invalid for what cannot be."""
    uow.check("account.manage")
    chosen = news.choice(ways, quiet)
    person = _locked(uow, uow.actor.id)
    if person.news != chosen:
        person.news = chosen
        uow.record_event(_stream(person), "person.prefer", after={"fields": ["news"]})


def own_words(person: Person) -> list[str]:
    """Return the words an attacker of this account would try first."""
    return [person.login, *person.name.split(), person.given_name, *(person.email or "").replace("@", ".").split(".")]


def _is_choice(name: str, value: str) -> bool:
    return value in available_timezones() if name == "timezone" else value in CHOICES.get(name, ())


def _send_link(uow: UnitOfWork, person: Person, purpose: str, template: str) -> None:
    link = links.issue(uow, purpose, person.id)
    uow.record_event(_stream(person), "password.ask", after={"sent": True, "link": link.id, "purpose": purpose})
    _tell(uow, person, template, link_id=link.id)


def _tell(uow: UnitOfWork, person: Person, template: str, **params: Any) -> None:
    """Queue a letter about somebody's account, also of an own act: it may not have been the owner's."""
    if person.email:
        language = person.language or settings().language
        messages.queue(uow, person.email, language, template, None, person_id=person.id, params=params)


def _locked(uow: UnitOfWork, person_id: int | None) -> Person:
    person = uow.session.get(Person, person_id, with_for_update=True, populate_existing=True) if person_id else None
    if person is None:
        raise NotFound("account")
    return person


def _code_digest(person_id: int, code: str) -> str:
    spelled = "".join(sign for sign in code.lower() if sign.isalnum())
    return keyed.digest("recovery-code", person_id, spelled)


def _stream(person: Person) -> str:
    return f"people:{person.id}"
