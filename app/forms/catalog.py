"""The form of any item of the catalogue, built from what its file says.

The fields only give the controls and what the browser may check by itself; `rules.catalog.answers` judges, here as in
the service, so the two can never differ.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, Protocol

from wtforms.fields import (
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.forms.base import CreatingForm, options
from app.forms.controls import Column, CompositeField, RangeField, TableField, UploadField
from app.language import translate
from app.rules.catalog import answers, conditions
from app.rules.catalog.composites import USUAL_ROWS
from app.rules.catalog.items import Field, Item, Kind
from app.rules.catalog.templates import PLACEHOLDER
from app.rules.words import Text, t

PREFIX: Final = "answer_"  # a question called "data" must not hide the form's own `data`
MOST_BUTTONS: Final = 6  # more options than this are a list, not buttons
ME, SOMEBODY_ELSE = "me", "other"


class Lookup(Protocol):
    """Where the form finds people and groups (app/queries/choices.py; tests bring their own)."""

    def groups(self, among: Sequence[str] = ()) -> Sequence[tuple[str, str]]:
        """Return the groups to choose from: name and label."""

    def file(self, key: str) -> str | None:
        """Return the name of a file that the reader has put down under this key."""

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


class Asker(Protocol):
    """Whoever asks for it: the reader, or the person for whom the reader writes it down."""

    @property
    def id(self) -> int | None: ...
    @property
    def login(self) -> str: ...


class ItemForm(CreatingForm):
    """The form of one item for one reader; made by `form_of`."""

    item: Item
    lookup: Lookup
    today: date
    asked_by: Asker

    for_whom = RadioField(
        t("Who is it for?"),
        choices=options([(ME, t("For me")), (SOMEBODY_ELSE, t("For somebody else"))]),
        default=ME,
    )
    beneficiary = PersonField(t("For whom?"), validators=[Optional()])
    filled_for = HiddenField()  # the login of whoever the defaults were taken from

    def __init__(self, formdata: Any = None, **rest: Any) -> None:
        """Take what was posted; `answers` is filled by a validate() that finds nothing wrong."""
        self.answers: dict[str, answers.Answer] = {}
        self._posted = list(formdata) if formdata else []
        self._refused_uploads: dict[str, Text] = {}
        super().__init__(formdata, **rest)

    def questions(self) -> list[Any]:
        """Return the fields of the item's own questions, in order."""
        return [self[PREFIX + question.name] for question in self.item.fields]

    def asked_fields(self) -> list[tuple[Field, Any]]:
        """Return each of the item's questions with its field, in order."""
        return list(zip(self.item.fields, self.questions(), strict=True))

    def given(self) -> dict[str, object]:
        """Return what was answered, as it was typed, people by login; also answers nobody asked for."""
        given: dict[str, object] = {}
        for name in self._posted:
            if name.startswith(PREFIX) and not self._is_ours(name):
                given[name.removeprefix(PREFIX)] = ""
        for question, field in zip(self.item.fields, self.questions(), strict=True):
            given[question.name] = _typed(field)
        return given

    def shown_by(self, question: Field) -> str:
        """Return on which answers a question is asked, for the page's script: `name=value|value`; empty: always."""
        return f"{PREFIX}{question.when.field}={'|'.join(question.when.values)}" if question.when else ""

    def condition(self, question: Field) -> Text | None:
        """Say in words when a question is asked: shown where no script hides it."""
        if question.when is None:
            return None
        above = self.item.field(question.when.field)
        if above is None:
            return None
        words = {option.value: option.label.to(self.language) for option in above.choices}
        words |= {"yes": self.say(t("Yes")), "no": self.say(t("No"))} if above.kind is Kind.YES_NO else {}
        listed = ", ".join(words.get(each, each) for each in question.when.values)
        return t("Only if “%(question)s” is: %(answers)s", question=above.label.to(self.language), answers=listed)

    def asked(self) -> set[str]:
        """Return the names of the questions that are asked, given what is typed so far."""
        typed = {question.name: _typed(self[PREFIX + question.name]) for question in self.item.fields}
        seen: dict[str, object] = {}
        for question in self.item.fields:
            if conditions.holds(question.when, seen):
                seen[question.name] = typed[question.name]
        return set(seen)

    def refill(self, before: Mapping[str, str], now: Mapping[str, str]) -> None:
        """Somebody else gets it than when the form was opened: defaults that nobody changed become that person's."""
        for question in self.item.fields:
            old, new = default_of(question, before), default_of(question, now)
            field = self[PREFIX + question.name]
            if old != new and _typed(field) == old:
                field.data, field.raw_data = new, [new]

    def refuse_upload(self, name: str, errors: Mapping[str, Text]) -> None:
        """A file that was sent is not taken: its question says why, whatever was there before."""
        self._refused_uploads[name] = next(iter(errors.values()))

    def summed_up(self, field: Any) -> str:
        """Name the question first: far from it, "Answer this question." alone says too little."""
        if not field.name.startswith(PREFIX):
            return super().summed_up(field)
        question = str(field.label.text)
        return f"{question}{'' if question.endswith('?') else ':'} {field.errors[0]}"

    def uploads(self) -> list[UploadField]:
        """Return the questions that are answered with a file."""
        return [field for field in self.questions() if isinstance(field, UploadField)]

    def _is_ours(self, name: str) -> bool:
        base = name.partition("-")[0]
        return name in self or (base in self and isinstance(self[base], CompositeField | UploadField))

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Judge the answers by the item's rules; with none wrong, `answers` holds them clean."""
        super().validate(extra_validators)
        for field in self.questions():
            field.errors = []  # the rules decide about these, in better words
        right = not self.error_summary()
        lost = self._resolve_people()
        judged = answers.validate(self.item, self.given(), self.today, self._exists)
        errors = {PREFIX + name: words for name, words in judged.errors.items()} | lost | self._refused_uploads
        self.refuse(errors)
        if right and not errors:
            self.answers = judged.answers
        return right and not errors

    def beneficiary_login(self) -> str | None:
        """Return for whom it is; None: for the person who asks."""
        return str(self.beneficiary.data) if self.for_whom.data == SOMEBODY_ELSE else None

    def _resolve_people(self) -> dict[str, Text]:
        asked = {PREFIX + name for name in self.asked()}
        people = [field for field in self.questions() if isinstance(field, PersonField) and field.name in asked]
        if self.for_whom.data == SOMEBODY_ELSE:
            people.append(self.beneficiary)
        lost = {field.name: words for field in people if (words := field.resolve(self.lookup))}
        if self.for_whom.data == SOMEBODY_ELSE and not (self.beneficiary.data or "").strip():
            lost[self.beneficiary.name] = t("Say for whom it is.")
        return lost

    def _exists(self, question: Field, value: str) -> bool:
        if question.kind is Kind.FILE:
            return self.lookup.file(value) is not None
        if question.kind is Kind.PERSON:  # resolved already: what is left unresolved has its own message
            return True
        return any(value == name for name, _ in self.lookup.groups(question.groups))


def form_of(
    item: Item, *, language: str, lookup: Lookup, today: date, facts: Mapping[str, str] | None = None
) -> type[ItemForm]:
    """Return the form class of an item in a language; `today` is the day where the requester is.

    `facts` fill the defaults: "beneficiary.department" and the like (templates.DEFAULTS). Make the form with
    `form_of(...)(request.form, language=language)`.
    """
    fields = {PREFIX + each.name: _control(each, language, lookup, today, facts or {}) for each in item.fields}
    name = "".join(part.title() for part in item.slug.replace("/", "-").split("-")) + "Form"
    return type(name, (ItemForm,), {**fields, "item": item, "lookup": lookup, "today": today})


def _typed(field: Any) -> object:
    """What was sent of one question, as the rules take it; what stands there at first when nothing was sent yet."""
    if isinstance(field, CompositeField):
        return field.typed
    if isinstance(field, PersonField | SelectMultipleField):
        return field.data or ""
    if field.raw_data is None:
        return field.data or ""
    return field.raw_data[0] if field.raw_data else ""


def as_posted(item: Item, given: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return clean answers as the inputs of the form would send them."""
    typed: dict[str, list[str]] = {"for_whom": [ME]}
    for question in item.fields:
        name, answer = PREFIX + question.name, given.get(question.name)
        if isinstance(answer, dict):
            typed |= {f"{name}-{end}": [day] for end, day in answer.items()}
        elif question.kind is Kind.TABLE:
            for row, cells in enumerate(answer or ()):
                typed |= {f"{name}-{row}-{column}": [_word(cell)] for column, cell in cells.items()}
        elif answer is not None:
            typed[name] = [_word(each) for each in answer] if isinstance(answer, list) else [_word(answer)]
    return typed


def _word(answer: object) -> str:
    return ("no", "yes")[answer] if isinstance(answer, bool) else str(answer)


def default_of(question: Field, facts: Mapping[str, str]) -> str:
    """Return what stands in a question at first: words of the file, or a fact of the directory; never evaluated."""
    found = PLACEHOLDER.fullmatch(question.default)
    return facts.get(found[1], "") if found else question.default


def _control(question: Field, language: str, lookup: Lookup, today: date, facts: Mapping[str, str]) -> Any:
    base: dict[str, Any] = {
        "label": question.label.to(language),
        "description": question.hint.to(language) if question.hint else "",
        "validators": [InputRequired() if question.required else Optional()],
    }
    if question.default:
        base["default"] = default_of(question, facts)
    return CONTROLS[question.kind](question, base, language, lookup, today)


def _several(question: Field, base: dict[str, Any], language: str, *_: Any) -> Any:
    listed = options([(each.value, each.label.to(language)) for each in question.choices])
    return SelectMultipleField(**base, choices=listed, validate_choice=False)


def _money(question: Field, base: dict[str, Any], *_: Any) -> Any:
    base["description"] = " ".join(filter(None, [base["description"], f"({question.currency})"]))
    return StringField(**base, render_kw={"inputmode": "decimal", "autocomplete": "off"})


def _file(question: Field, base: dict[str, Any], language: str, lookup: Lookup, today: date) -> Any:
    return UploadField(**base, endings=question.types, named=lookup.file)


def _range(question: Field, base: dict[str, Any], language: str, lookup: Lookup, today: date) -> Any:
    ends = translate(t("From"), language), translate(t("to"), language)
    return RangeField(**base, ends=ends, limits=_days(question, today))


def _table(question: Field, base: dict[str, Any], language: str, lookup: Lookup, today: date) -> Any:
    columns = [_column(each, language, today) for each in question.columns]
    return TableField(**base, columns=columns, most=question.max_rows or USUAL_ROWS)


def _column(column: Field, language: str, today: date) -> Column:
    label = column.label.to(language)
    match column.kind:
        case Kind.CHOICE:
            return Column(column.name, label, "", [(each.value, each.label.to(language)) for each in column.choices])
        case Kind.YES_NO:
            return Column(column.name, label, "", [("yes", translate(t("Yes"), language)), ("no", translate(t("No"), language))])
        case Kind.DATE:
            return Column(column.name, label, "date", limits=_days(column, today))
        case Kind.NUMBER:
            return Column(column.name, label, "number", limits={"min": column.min, "max": column.max})
        case _:
            longest = column.max_length or answers.LENGTHS[Kind.TEXT]
            return Column(column.name, label, "text", limits={"maxlength": longest})


def _days(question: Field, today: date) -> dict[str, str]:
    limits = {"min": (today + timedelta(days=question.min_days)).isoformat()}
    if question.max_days is not None:
        limits["max"] = (today + timedelta(days=question.max_days)).isoformat()
    return limits


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
    return SelectField(**{"default": "", **base}, choices=options([("", first), *pairs]), validate_choice=False)


def _yes_no(question: Field, base: dict[str, Any], *_: Any) -> Any:
    return RadioField(**base, choices=options([("yes", t("Yes")), ("no", t("No"))]), validate_choice=False)


def _date(question: Field, base: dict[str, Any], language: str, lookup: Lookup, today: date) -> Any:
    return DateField(**base, render_kw=_days(question, today))


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
    Kind.MONEY: _money,
    Kind.MULTI_CHOICE: _several,
    Kind.FILE: _file,
    Kind.DATE_RANGE: _range,
    Kind.TABLE: _table,
}
