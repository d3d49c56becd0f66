"""The form of any item of the catalogue, built from what its file says.

The fields only give the controls and what the browser may check by itself; `rules.catalog.answers` judges, here as in
the service, so the two can never differ.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, Protocol

from wtforms.fields import DateField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.forms.base import CreatingForm, options
from app.rules.catalog import answers
from app.rules.catalog.items import Field, Item, Kind
from app.rules.words import Text, t

PREFIX: Final = "answer_"  # a question called "data" must not hide the form's own `data`
MOST_BUTTONS: Final = 6  # more options than this are a list, not buttons
ME, SOMEBODY_ELSE = "me", "other"


class Lookup(Protocol):
    """Where the form finds people and groups (app/queries/choices.py; tests bring their own)."""

    def groups(self, among: Sequence[str] = ()) -> Sequence[tuple[str, str]]:
        """Return the groups to choose from: name and label."""

    def people(self, words: str) -> Sequence[tuple[str, str]]:
        """Return whom these words mean, as login and name: one when they are a login, several when they fit several."""


class PersonField(StringField):
    """Somebody, by login, mail address or name; `matches` holds those to choose from when the words fit several."""

    data: str | None
    matches: Sequence[tuple[str, str]] = ()

    def resolve(self, lookup: Lookup) -> Text | None:
        """Put the login in the place of the words; return what to tell when they mean nobody, or several people."""
        words = str(self.data or "").strip()
        if not words:
            return None
        found = lookup.people(words)
        if len(found) == 1:
            self.data = found[0][0]
            return None
        self.matches = found
        if found:
            return t("Several people fit. Choose one of them.")
        return t("Nobody is called that. Look for the name, the user name or the mail address.")


class ItemForm(CreatingForm):
    """The form of one item for one reader; made by `form_of`."""

    item: Item
    lookup: Lookup
    today: date

    for_whom = RadioField(
        t("Who is it for?"),
        choices=options([(ME, t("For me")), (SOMEBODY_ELSE, t("For somebody else"))]),
        default=ME,
    )
    beneficiary = PersonField(t("For whom?"), validators=[Optional()])

    def __init__(self, formdata: Any = None, **rest: Any) -> None:
        """Take what was posted; `answers` is filled by a validate() that finds nothing wrong."""
        self.answers: dict[str, answers.Answer] = {}
        self._posted = list(formdata) if formdata else []
        super().__init__(formdata, **rest)

    def questions(self) -> list[Any]:
        """Return the fields of the item's own questions, in order."""
        return [self[PREFIX + question.name] for question in self.item.fields]

    def given(self) -> dict[str, object]:
        """Return what was answered, as it was typed, people by login; also answers nobody asked for."""
        given: dict[str, object] = {}
        for name in self._posted:
            if name.startswith(PREFIX) and name not in self:
                given[name.removeprefix(PREFIX)] = ""
        for question, field in zip(self.item.fields, self.questions(), strict=True):
            typed = field.raw_data[0] if field.raw_data else ""
            given[question.name] = field.data or "" if question.kind is Kind.PERSON else typed
        return given

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Judge the answers by the item's rules; with none wrong, `answers` holds them clean."""
        super().validate(extra_validators)
        for field in self.questions():
            field.errors = []  # the rules decide about these, in better words
        right = not self.error_summary()
        lost = self._resolve_people()
        judged = answers.validate(self.item, self.given(), self.today, self._exists)
        errors = {PREFIX + name: words for name, words in judged.errors.items()} | lost
        self.refuse(errors)
        if right and not errors:
            self.answers = judged.answers
        return right and not errors

    def beneficiary_login(self) -> str | None:
        """Return for whom it is; None: for the person who asks."""
        return str(self.beneficiary.data) if self.for_whom.data == SOMEBODY_ELSE else None

    def _resolve_people(self) -> dict[str, Text]:
        people = [field for field in self.questions() if isinstance(field, PersonField)]
        if self.for_whom.data == SOMEBODY_ELSE:
            people.append(self.beneficiary)
        lost = {field.name: words for field in people if (words := field.resolve(self.lookup))}
        if self.for_whom.data == SOMEBODY_ELSE and not (self.beneficiary.data or "").strip():
            lost[self.beneficiary.name] = t("Say for whom it is.")
        return lost

    def _exists(self, question: Field, value: str) -> bool:
        if question.kind is Kind.PERSON:  # resolved already: what is left unresolved has its own message
            return True
        return any(value == name for name, _ in self.lookup.groups(question.groups))


def form_of(item: Item, *, language: str, lookup: Lookup, today: date) -> type[ItemForm]:
    """Return the form class of an item in a language; `today` is the day where the requester is.

    Make the form with `form_of(...)(request.form, language=language)`.
    """
    fields = {PREFIX + each.name: _control(each, language, lookup, today) for each in item.fields}
    name = "".join(part.title() for part in item.slug.replace("/", "-").split("-")) + "Form"
    return type(name, (ItemForm,), {**fields, "item": item, "lookup": lookup, "today": today})


def _control(question: Field, language: str, lookup: Lookup, today: date) -> Any:
    base = {
        "label": question.label.to(language),
        "description": question.hint.to(language) if question.hint else "",
        "validators": [InputRequired() if question.required else Optional()],
    }
    return CONTROLS[question.kind](question, base, language, lookup, today)


def _text(question: Field, base: dict[str, Any], *_: Any) -> Any:
    kind = TextAreaField if question.kind is Kind.LONG_TEXT else StringField
    base["validators"].append(Length(max=question.max_length or answers.LENGTHS[question.kind]))
    return kind(**base, render_kw={"rows": 5} if question.kind is Kind.LONG_TEXT else None)


def _choice(question: Field, base: dict[str, Any], language: str, *_: Any) -> Any:
    return _one_of([(each.value, each.label.to(language)) for each in question.choices], question, base)


def _group(question: Field, base: dict[str, Any], language: str, lookup: Lookup, today: date) -> Any:
    return _one_of(list(lookup.groups(question.groups)), question, base)


def _one_of(pairs: list[tuple[str, str]], question: Field, base: dict[str, Any]) -> Any:
    """Buttons for a few, a list for many. A list starts at nothing: what nobody chose must not be sent."""
    few = len(pairs) <= MOST_BUTTONS and question.kind is Kind.CHOICE
    if few:
        return RadioField(**base, choices=options(pairs), validate_choice=False)
    first = t("Choose …") if question.required else t("None")
    return SelectField(**base, choices=options([("", first), *pairs]), validate_choice=False, default="")


def _yes_no(question: Field, base: dict[str, Any], *_: Any) -> Any:
    return RadioField(**base, choices=options([("yes", t("Yes")), ("no", t("No"))]), validate_choice=False)


def _date(question: Field, base: dict[str, Any], language: str, lookup: Lookup, today: date) -> Any:
    limits = {"min": (today + timedelta(days=question.min_days)).isoformat()}
    if question.max_days is not None:
        limits["max"] = (today + timedelta(days=question.max_days)).isoformat()
    return DateField(**base, render_kw=limits)


def _person(question: Field, base: dict[str, Any], *_: Any) -> Any:
    return PersonField(**base)


def _number(question: Field, base: dict[str, Any], *_: Any) -> Any:
    if question.min is not None or question.max is not None:
        base["validators"].append(NumberRange(question.min, question.max))
    return IntegerField(**base)


CONTROLS: Final[Mapping[Kind, Callable[..., Any]]] = {
    Kind.TEXT: _text,
    Kind.LONG_TEXT: _text,
    Kind.CHOICE: _choice,
    Kind.YES_NO: _yes_no,
    Kind.DATE: _date,
    Kind.PERSON: _person,
    Kind.DIRECTORY_GROUP: _group,
    Kind.NUMBER: _number,
}
