"""Controls made of several inputs, and the one for a file; each works without script.

`typed` is what was sent, as rules.catalog.answers takes it; the inputs carry the name of the field and a hyphen.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup, escape
from wtforms.fields import Field, StringField

LEAST_ROWS, BLANK_ROWS = 3, 2


class CompositeField(Field):
    """A question with several inputs."""

    data: Any
    typed: Any = None
    first_control: str

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Take what was sent under any name of ours, else the value given."""
        super().process(None, data)
        self.typed = self.data = self.gather(formdata) if formdata is not None else self.data
        self.raw_data = [] if self.typed is None else [self.typed]

    def gather(self, formdata: Any) -> Any:
        """Return what was sent, or None."""
        raise NotImplementedError

    def __call__(self, **attributes: Any) -> Markup:
        """Draw every input, each with a name of its own for people who do not see the page."""
        return self.draw({name: value for name, value in attributes.items() if value not in (False, None)})

    def draw(self, attributes: Mapping[str, Any]) -> Markup:
        """Return the inputs."""
        raise NotImplementedError


class RangeField(CompositeField):
    """The first and the last day of a time."""

    def __init__(self, *args: Any, ends: tuple[str, str], limits: Mapping[str, str], **options: Any) -> None:
        """Take the words for the two days, and the earliest and latest day."""
        super().__init__(*args, **options)
        self.ends, self.limits = dict(zip(("from", "to"), ends, strict=True)), limits
        self.first_control = f"{self.id}-from"

    def gather(self, formdata: Any) -> dict[str, str]:
        """Return both days as they were typed."""
        return {end: formdata.get(f"{self.name}-{end}", "") for end in self.ends}

    def draw(self, attributes: Mapping[str, Any]) -> Markup:
        """Return two inputs for a day."""
        days = self.data or {}
        return Markup('<div class="range-inputs">{}</div>').format(
            Markup("").join(
                Markup('<label for="{}">{} {}</label>').format(f"{self.id}-{end}", words, one_input(
                    "date", f"{self.name}-{end}", days.get(end, ""), {**self.limits, **attributes, "id": f"{self.id}-{end}"}
                ))
                for end, words in self.ends.items()
            )
        )  # fmt: skip


class TableField(CompositeField):
    """Rows of simple answers. A button of the page that sends the form back brings more empty rows."""

    def __init__(self, *args: Any, columns: Sequence["Column"], most: int, **options: Any) -> None:
        """Take the columns and the most rows."""
        super().__init__(*args, **options)
        self.columns, self.most = columns, most
        self.first_control = f"{self.id}-0-{columns[0].name}"

    @property
    def rows(self) -> int:
        """How many rows are drawn now."""
        return min(self.most, max(LEAST_ROWS, len(self.data or ()) + BLANK_ROWS))

    def gather(self, formdata: Any) -> list[dict[str, str]]:
        """Return the rows up to the last that says something."""
        rows = [
            {column.name: formdata.get(f"{self.name}-{row}-{column.name}", "") for column in self.columns}
            for row in range(self.most)
        ]
        while rows and not any(cell.strip() for cell in rows[-1].values()):
            rows.pop()
        return rows

    def draw(self, attributes: Mapping[str, Any]) -> Markup:
        """Return a table of inputs."""
        heads = Markup("").join(Markup('<th scope="col">{}</th>').format(column.label) for column in self.columns)
        rows = Markup("").join(self._row(row, attributes) for row in range(self.rows))
        return Markup('<table class="table-inputs"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>').format(heads, rows)

    def _row(self, row: int, attributes: Mapping[str, Any]) -> Markup:
        filled = self.data or []
        given = filled[row] if row < len(filled) else {}
        cells = [
            column.draw(f"{self.name}-{row}-{column.name}", _plain(given.get(column.name)), {
                **attributes, "id": f"{self.id}-{row}-{column.name}", "aria-label": f"{column.label} {row + 1}",
            })
            for column in self.columns
        ]  # fmt: skip
        drawn = [Markup('<td data-label="{}">{}</td>').format(column.label, cell) for column, cell in zip(self.columns, cells, strict=True)]
        return Markup("<tr>{}</tr>").format(Markup("").join(drawn))


@dataclass(frozen=True)
class Column:
    """One column of a table: an input of this type, or a list to choose from."""

    name: str
    label: str
    kind: str
    options: Sequence[tuple[str, str]] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)

    def draw(self, name: str, value: str, attributes: Mapping[str, Any]) -> Markup:
        """Return the input of one cell."""
        if not self.options:
            return one_input(self.kind, name, value, {**self.limits, **attributes})
        options = Markup("").join(
            Markup('<option value="{}"{}>{}</option>').format(each, Markup(" selected") if each == value else "", words)
            for each, words in (("", ""), *self.options)
        )
        return Markup('<select name="{}"{}>{}</select>').format(name, _attributes(attributes), options)


class UploadField(StringField):
    """A file that was put down before: its key is the answer. The page takes a new one under `upload_name`."""

    data: str | None

    def __init__(
        self, *args: Any, endings: Sequence[str] = (), named: Callable[[str], str | None], **options: Any
    ) -> None:
        """Take the endings that are offered to choose from, and what tells the name of a file by its key."""
        super().__init__(*args, **options)
        self.endings, self.named = endings, named

    @property
    def upload_name(self) -> str:
        """Under which name a new file is sent."""
        return f"{self.name}-file"

    @property
    def file_name(self) -> str:
        """What the file that was put down is called."""
        return (self.data and self.named(self.data)) or ""

    def put(self, key: str) -> None:
        """Answer with a file that was just put down."""
        self.data, self.raw_data = key, [key]

    def __call__(self, **attributes: Any) -> Markup:
        """Draw the input for a file, and the key of the one that is there."""
        shown = {name: value for name, value in attributes.items() if value not in (False, None)}
        accepted = {"accept": ",".join(f".{each}" for each in self.endings)} if self.endings else {}
        held = Markup('<input type="hidden" name="{}" value="{}"><span class="file-held">{}</span>').format(
            self.name, self.data or "", self.file_name
        )
        return one_input("file", self.upload_name, "", {"id": self.id, **accepted, **shown}) + held


def one_input(kind: str, name: str, value: str, attributes: Mapping[str, Any]) -> Markup:
    """Return one <input>."""
    return Markup('<input type="{}" name="{}" value="{}"{}>').format(kind, name, value, _attributes(attributes))


def _attributes(attributes: Mapping[str, Any]) -> Markup:
    said = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items() if value not in (None, "")}
    return Markup("").join(Markup(' {}="{}"').format(escape(name), value) for name, value in said.items())


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
