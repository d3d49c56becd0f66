"""What the documentation says is so: links lead somewhere, commands and settings exist, generated pages are as generated."""

import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from app import canned, cli, imports, practice, priorities
from app.settings import ROOT, Settings
from app.settings_check import variable

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
COMMAND = re.compile(r"(?:^|[\s(])(\./)?desk ([a-z]+)(?: ([a-z]+(?:-[a-z]+)*))?", re.MULTILINE)
VARIABLE = re.compile(r"DESK_[A-Z_]*")
GENERATED = {"docs/permissions.md": ("config", "permissions"), "docs/operator/settings.md": ("config", "reference"),
    "docs/reports.md": ("config", "reports"),
}

each_page = pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, made as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page: Path) -> Iterator[str]:
    """Yield each link of a page that leads nowhere in this repository."""
    for link in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


def code(text: str) -> Iterator[str]:
    """Yield what stands in code, in lines and in blocks."""
    yield from FENCE.findall(text)
    yield from CODE.findall(FENCE.sub("", text))


def unknown_commands(text: str) -> Iterator[str]:
    """Yield each `desk ...` of a page that the command line does not have."""
    context = click.Context(cli.desk)
    for piece in code(text):
        for script, name, part in COMMAND.findall(piece):
            command = cli.desk.get_command(context, name)
            if command is None and not (script and name == "test"):  # ./desk itself runs the tests
                yield name
            elif isinstance(command, click.Group) and part and command.get_command(context, part) is None:
                yield f"{name} {part}"


def unknown_variables(text: str) -> Iterator[str]:
    """Yield each DESK_ name of a page that is no setting, no `_FILE` of one and no beginning of one (`DESK_LDAP_*`)."""
    known = {variable(name) for name in Settings.model_fields}
    for name in VARIABLE.findall(text):
        begins = name.endswith("_") and any(one.startswith(name) for one in known)
        if not begins and not known & {name, name.removesuffix("_FILE")}:
            yield name


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    assert list(broken(page)) == []


@each_page
def test_every_command_and_setting_that_is_named_exists(page: Path) -> None:
    text = page.read_text("utf-8")
    assert list(unknown_commands(text)) == []
    assert list(unknown_variables(text)) == []


def test_what_does_not_exist_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One thing\n[a](gone.md) [b](#two) [c](#one-thing)\n`desk fly`, `./desk test`, `desk db sing`, DESK_PROT, DESK_LDAP_*")
    assert list(broken(page)) == ["gone.md", "#two"]
    assert list(unknown_commands(page.read_text())) == ["fly", "db sing"]
    assert list(unknown_variables(page.read_text())) == ["DESK_PROT"]


@pytest.mark.parametrize(("page", "command"), GENERATED.items(), ids=list(GENERATED))
def test_a_generated_page_is_up_to_date(page: str, command: tuple[str, ...]) -> None:
    made = CliRunner().invoke(cli.desk, command)
    assert made.exit_code == 0, made.output
    assert (ROOT / page).read_text("utf-8") == made.output, f"renew it: ./desk {' '.join(command)} > {page}"


def test_every_setting_is_in_the_file_with_its_meaning_and_in_the_reference() -> None:
    file = (ROOT / "config" / "default.toml").read_text("utf-8")
    page = (ROOT / "docs" / "operator" / "settings.md").read_text("utf-8")
    assert tomllib.loads(file).keys() == Settings.model_fields.keys() - {"config_dir"}  # which says where the file is
    assert [line for line in file.splitlines() if line and "# " not in line] == []
    assert [name for name in Settings.model_fields if f"`{variable(name)}`" not in page] == []


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text("utf-8")
    pages = sorted(page.name for page in folder.glob("0*.md"))
    assert [page for page in pages if f"({page})" not in index] == []
    assert [page[:4] for page in pages] == [f"{number + 1:04}" for number in range(len(pages))]


def test_pages_in_portuguese_have_the_same_sections() -> None:
    pairs = [(page.with_name(page.name.replace(".pt.md", ".md")), page) for page in PAGES if page.name.endswith(".pt.md")]
    assert pairs
    for english, portuguese in pairs:
        levels = [re.findall(r"^(#+) ", page.read_text("utf-8"), re.MULTILINE) for page in (english, portuguese)]
        assert levels[0] == levels[1], portuguese.name


def with_example(shipped: str, example: str) -> str:
    """Return a shipped file with an example of the docs written into it: keys that are there change, new ones and new tables come in."""
    lines, table, at_end = shipped.splitlines(), "", False
    for line in example.splitlines():
        if heading := re.fullmatch(r"\[+(.+?)\]+", line):
            table, at_end = heading[1], line.startswith("[[")
        if at_end:
            lines.append(line)
        elif setting := re.match(r"(\w+) *= ", line):
            begin = lines.index(next(each for each in lines if each.startswith(f"[{table}]"))) + 1 if table else 0
            end = next((place for place in range(begin, len(lines)) if lines[place].startswith("[")), len(lines))
            there = [place for place in range(begin, end) if re.match(rf"{setting[1]} *= ", lines[place])]
            lines[there[0] if there else begin : there[0] + 1 if there else begin] = [line]
    return "\n".join(lines)


def test_each_example_for_administrators_is_a_good_file(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "operator" / "incidents.md").read_text("utf-8")
    examples = dict(re.findall(r"^## config/(\S+)\n(?:(?!## )[^\n]*\n)*?```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL))
    shutil.copytree(ROOT / "config", tmp_path / "config")
    (tmp_path / "config" / "imports" / "payroll.toml").write_text(examples.pop("imports/*.toml"), "utf-8")
    for file, example in examples.items():
        path = tmp_path / "config" / file
        path.write_text(with_example(path.read_text("utf-8"), example), "utf-8")
    found = practice.load(tmp_path / "config")
    assert (found.reopen_days, found.routed_teams, found.holds["parts"].to("pt")) == (7, {"service-desk"}, "Peças de reposição")
    assert ([each.name for each in found.categories["phone"].fields], found.categories["phone"].team) == (["extension"], "network")
    assert (found.majors.plan.every.seconds, found.majors.triggers[-1].key) == (1200, "network")
    assert priorities.load(tmp_path / "config" / "priorities.toml")["31"] == 2
    assert canned.load(tmp_path / "config" / "answers.toml")[-1].team == "identity"
    assert imports.mapping(tmp_path / "config" / "imports" / "payroll.toml").columns["login"] == "USER_ID"
    assert sorted(examples) == ["answers.toml", "categories.toml", "incidents.toml", "majors.toml", "priorities.toml"]
