"""The folder catalog/ and what we ship in it; publishing it; `desk catalog check`; the guide for authors."""

import json
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text

from app import catalog, database
from app.cli.catalog import catalog as command
from app.language import translate
from app.models.catalog import CatalogItem, CatalogVersion
from app.models.events import Event
from app.queries import catalog as served
from app.queries import catalog_health
from app.rules.actions import ACTIONS
from app.rules.catalog import answers, bundles, conditions, samples, templates
from app.rules.catalog.items import Item, Kind
from app.rules.catalog.parsing import parse
from app.rules.catalog.schema import TABLES
from app.rules.catalog.templates import PersonFacts
from app.rules.errors import NotFound, Unavailable
from app.services import catalog as publisher
from app.settings import ROOT
from app.unit_of_work import SYSTEM, unit_of_work

GUIDE = (ROOT / "docs" / "catalogue-item.md").read_text("utf-8")
TEAMS = {"service-desk", "identity", "workplace", "network", "applications"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the catalogue we ship, to be spoilt."""
    return Path(shutil.copytree(ROOT / "catalog", tmp_path / "catalog"))


def spoil(folder: Path, slug: str = "access/vpn", old: str = 'owner = "network"', new: str = "owner = 3") -> Path:
    path = folder / f"{slug}.toml"
    words = path.read_text("utf-8")
    assert old in words
    path.write_text(words.replace(old, new), "utf-8")
    return path


# What we ship


def test_every_file_we_ship_is_good():
    shipped = catalog.load(ROOT / "catalog")
    assert [str(fault) for fault in shipped.all_faults()] == []
    assert len(shipped.items) >= 20
    assert len({item.category for item in shipped.items.values()}) >= 6
    assert {item.category for item in shipped.items.values()} == shipped.categories.keys()


def test_what_we_ship_names_only_teams_that_the_demonstration_has():
    for item in catalog.load(ROOT / "catalog").items.values():
        assert catalog_health.teams_of(item) <= TEAMS, item.slug


def test_what_we_ship_shows_each_kind_of_step_and_an_item_without_approval():
    items = catalog.load(ROOT / "catalog").items.values()
    steps = [step for item in items for step in item.steps]
    assert {step.do for step in steps} >= {"directory.add_member", "mail.send", ""}
    assert any(step.ends for step in steps)
    assert any(not item.approvals for item in items)


def test_what_we_ship_asks_every_kind_of_question_and_uses_what_an_item_can_say():
    items = catalog.load(ROOT / "catalog").items.values()
    assert {field.kind for item in items for field in item.fields} == set(Kind)
    assert any(field.when for item in items for field in item.fields)
    assert any(field.default.startswith("{") for item in items for field in item.fields)
    assert any(item.empowerment for item in items)
    asked = [approval for item in items for approval in item.approvals]
    assert {1, 2} <= {each.stage for each in asked}
    assert any(each.only_if.cost_over for each in asked)


@pytest.mark.parametrize("slug", sorted(catalog.load(ROOT / "catalog").items))
def test_each_item_we_ship_can_be_ordered_and_every_step_says_what_it_does_in_both_languages(slug):
    item, today = catalog.load(ROOT / "catalog").items[slug], date(2026, 11, 23)
    ana = PersonFacts("ana", "Ana Lima", "ana@aurora.example", "pt", "Finance", "Accountant")
    made_up = samples.answers(item, today, samples.Known("bo", "finance-ro", "f" * 20))
    checked = answers.validate(item, made_up, today)
    assert checked.errors == {}
    values = templates.context(item, checked.answers, number="RIT0000001", beneficiary=ana, requester=ana, people={"bo": ana})
    for step in conditions.in_force(item, checked.answers).steps:
        for language in ("en", "pt"):
            words = translate(templates.describe(step, values, language), language)
            assert words
            assert "{" not in words
            if step.is_automatic:
                assert "{" not in "".join(templates.bind(step, values, language).values())


def test_every_part_of_a_bundle_we_ship_can_be_ordered_with_what_the_bundle_asks():
    items, today = catalog.load(ROOT / "catalog").items, date(2026, 11, 23)
    ana = PersonFacts("ana", "Ana Lima", "ana@aurora.example", "pt", "Finance", "Accountant")
    parts = []
    for item in items.values():
        every = {field.name: [each.value for each in field.choices] for field in item.fields if field.kind is Kind.MULTI_CHOICE}
        made_up = samples.answers(item, today, samples.Known("bo", "finance-ro"), every)
        values = templates.context(item, made_up, number="RIT0000001", beneficiary=ana, requester=ana, people={"bo": ana})
        for part in conditions.in_force(item, made_up).parts:
            parts.append(part.slug)
            other = items[part.slug]
            assert answers.validate(other, bundles.answers(part, made_up, values), today).errors == {}, (item.slug, part.slug)
    assert parts == ["hardware/laptop", "software/licence"]


# The folder


def test_a_wrong_file_is_told_and_the_others_are_read(folder):
    spoil(folder)
    found = catalog.load(folder)
    assert "access/vpn" not in found.items
    assert "access/shared-group" in found.items
    assert [(fault.file, fault.line) for fault in found.all_faults()] == [("catalog/access/vpn.toml", 5)]


@pytest.mark.parametrize(
    ("content", "line"), [(b"name = \"\xff\"", 1), (b"a = 1\nb = \"\xe9\"", 2), (b"#" * 70_000, 1), (b"", 1)]
)
def test_a_file_that_cannot_be_read_as_text_is_told(folder, content, line):
    (folder / "access" / "vpn.toml").write_bytes(content)
    assert catalog.load(folder).faults["access/vpn"][0].line == line


def test_a_folder_without_a_name_is_told_and_its_items_are_read(folder):
    (folder / "access" / "category.toml").unlink()
    found = catalog.load(folder)
    assert list(found.faults) == ["access"]
    assert "access/vpn" in found.items


def test_change_models_and_hidden_folders_are_no_categories(folder):
    for name in ("changes", ".git"):
        (folder / name).mkdir()
        (folder / name / "x.toml").write_text("x = 1")
    assert catalog.load(folder).faults == {}


def test_a_role_may_be_an_audience_and_an_unknown_word_may_not(folder):
    spoil(folder, new='owner = "network"\naudience = ["analyst"]')
    assert catalog.load(folder).items["access/vpn"].audience == ("analyst",)
    spoil(folder, old='["analyst"]', new='["analist"]')
    assert "“analyst”" in str(catalog.load(folder).all_faults()[0].mend)


def test_a_watch_notices_a_change_a_new_file_and_a_lost_one_and_nothing_else(folder):
    watch = catalog.Watch(folder)

    def noticed() -> bool:
        changed = watch.has_changed()
        watch.served()
        return changed

    assert noticed()
    assert not noticed()
    path = spoil(folder)
    assert noticed()
    (folder / "access" / "notes.txt").write_text("not an item")
    assert not noticed()
    path.unlink()
    assert noticed()
    (folder / "software" / "new.toml").write_text("")
    assert noticed()
    os.rename(folder, folder.with_name("away"))
    assert not noticed()


def test_a_change_that_could_not_be_served_is_noticed_again(folder):
    watch = catalog.Watch(folder)
    assert watch.has_changed()
    assert watch.has_changed()
    watch.served()
    assert not watch.has_changed()


# Publishing


def refresh(folder: Path) -> publisher.Published:
    with unit_of_work(SYSTEM) as uow:
        return publisher.refresh(uow, folder)


def offered() -> dict[str, Item]:
    with database.sessions()() as session:
        return {item.slug: item for item in served.offered(session)}


def events() -> list[str]:
    with database.sessions()() as session:
        names = session.scalars(select(Event.name).where(Event.stream == "config").order_by(Event.seq))
        return [name for name in names if name.startswith("catalog.")]


def test_what_is_good_comes_into_service_once(db, folder):
    assert "access/vpn" in refresh(folder).published
    assert offered() == catalog.load(folder).items
    count = len(events())
    assert count == len(offered()) + len(catalog.load(folder).categories)
    assert not refresh(folder)
    assert len(events()) == count


def test_categories_are_served_with_their_names(db, folder):
    refresh(folder)
    with database.sessions()() as session:
        found = {category.slug: category.name.to("pt") for category in served.categories(session)}
        assert found["access"] == "Acessos"
        assert sorted(found) == ["access", "accounts", "hardware", "information", "software", "workplace"]
        with pytest.raises(NotFound):
            served.current(session, "access")


def test_a_wrong_file_leaves_its_last_good_version_in_service_and_is_told(db, folder):
    refresh(folder)
    before = offered()["access/vpn"]
    spoil(folder)
    assert refresh(folder).faulty == ["access/vpn"]
    assert offered()["access/vpn"] == before
    with database.sessions()() as session:
        (fault,) = served.faults(session)
    assert (fault.file, fault.line) == ("catalog/access/vpn.toml", 5)
    assert 'owner = "..."' in str(fault.mend)
    assert events()[-1] == "catalog.fault"
    assert not refresh(folder)


def test_the_last_good_version_also_serves_a_process_that_never_saw_the_file(db, folder, monkeypatch):
    refresh(folder)
    before = offered()["access/vpn"]
    spoil(folder)
    refresh(folder)
    monkeypatch.setattr(served, "_versions", {})  # what a new process has read so far
    assert offered()["access/vpn"] == before


def test_a_mended_file_is_in_service_again_and_its_fault_is_gone(db, folder):
    refresh(folder)
    spoil(folder)
    refresh(folder)
    spoil(folder, old="owner = 3", new='owner = "identity"')
    assert refresh(folder).published == ["access/vpn"]
    assert offered()["access/vpn"].owner == "identity"
    with database.sessions()() as session:
        assert served.faults(session) == []
        assert session.scalar(text("select count(*) from catalog_items where fault is not null")) == 0


def test_every_good_version_is_kept_for_the_orders_that_point_to_it(db, folder):
    refresh(folder)
    first = offered()["access/vpn"]
    spoil(folder, old='target = "4h"', new='target = "5h"')
    refresh(folder)
    with database.sessions()() as session:
        assert served.version(session, first.hash).target == "4h"
        assert served.current(session, "access/vpn").target == "5h"


def test_a_file_that_is_gone_is_withdrawn_and_comes_back_with_its_file(db, folder):
    refresh(folder)
    words = (folder / "access" / "vpn.toml").read_text("utf-8")
    (folder / "access" / "vpn.toml").unlink()
    assert refresh(folder).withdrawn == ["access/vpn"]
    assert "access/vpn" not in offered()
    assert not refresh(folder)
    (folder / "access" / "vpn.toml").write_text(words.replace("owner", "owne"), "utf-8")
    refresh(folder)
    assert "access/vpn" not in offered()
    (folder / "access" / "vpn.toml").write_text(words, "utf-8")
    refresh(folder)
    assert "access/vpn" in offered()


@pytest.mark.parametrize("way", ["away", "empty"])
def test_a_lost_folder_withdraws_nothing(db, folder, way):
    refresh(folder)
    before = offered()
    shutil.rmtree(folder)
    if way == "empty":
        folder.mkdir()
    with pytest.raises(Unavailable):
        refresh(folder)
    assert offered() == before


def test_several_publishers_at_once_publish_each_version_once(db, folder):
    with ThreadPoolExecutor(4) as pool:
        changes = list(pool.map(lambda _: refresh(folder), range(4)))
    assert sorted(bool(change) for change in changes) == [False, False, False, True]
    with database.sessions()() as session:
        rows = session.execute(select(CatalogItem.slug, CatalogItem.hash)).all()
        assert len(session.scalars(select(CatalogVersion)).all()) == len(rows) == len(events())


# The command and the guide


def check(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(command, ["check", *arguments])
    return result.exit_code, result.output


def test_the_check_of_good_files_ends_well(folder):
    code, told = check("--folder", str(folder))
    assert code == 0
    shipped = catalog.load(folder)
    assert told == f"{len(shipped.items)} items in {len(shipped.categories)} categories are good.\n"


def test_the_check_of_a_wrong_file_names_file_line_and_mend_and_fails(folder):
    spoil(folder)
    code, told = check("--folder", str(folder))
    assert code == 1
    assert 'catalog/access/vpn.toml:5: The value of “owner” is not of the right kind. Write it like this: owner = "..."' in told
    code, told = check("--folder", str(folder), "--json")
    assert code == 1
    assert json.loads(told)["faults"][0]["line"] == 5


def test_the_check_of_a_folder_that_is_not_there_says_so(tmp_path):
    code, told = check("--folder", str(tmp_path / "none"))
    assert code == 1
    assert "No such file" in told


def test_the_guide_names_every_key_and_every_action():
    names = {key.name for table in TABLES.values() for key in table.values()}
    names |= {parameter.name for spec in ACTIONS.values() for parameter in spec.parameters}
    assert {name for name in names | ACTIONS.keys() if f"`{name}" not in GUIDE} == set()


def test_the_first_item_of_the_guide_is_good_as_it_stands():
    examples = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    first = parse(examples[0], "catalog/access/project-plaza.toml")
    assert isinstance(first, Item), [str(fault) for fault in first]
    head = examples[0].partition("[[fields]]")[0]
    size, device, cost, approvals, steps, bundle = examples[1:]
    until = '[[fields]]\nname = "until"\nlabel = "Until"\nlabel_pt = "Até"\nkind = "date"\nrequired = true\n'
    rest = parse(head + cost + size + device + until + approvals + steps + bundle, "catalog/access/project-plaza.toml")
    assert isinstance(rest, Item), [str(fault) for fault in rest]
    assert [step.name for step in rest.steps] == ["prepare", "tell"]
    assert bundles.check_among(rest, "", "x", catalog.load(ROOT / "catalog").items) == []


def test_the_faults_the_guide_shows_are_the_faults_one_gets():
    example = re.search(r"```toml\n(.*?)```", GUIDE, re.DOTALL)[1]
    broken = re.sub(r"summary_pt = .*\n", "", example).replace("add_member", "add_membr")
    for fault in parse(broken, "catalog/access/project-plaza.toml"):
        assert str(fault).partition(": ")[2] in GUIDE
