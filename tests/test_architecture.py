"""The rules of the house that a machine can check; import-linter checks who imports whom."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.rules.lifecycle import MOVES, STATES, RecordKind
from app.rules.permissions import Relation
from app.settings import ROOT, matrix
from app.web.application import create_app
from app.web.permission import PUBLIC

# Pages of Flask-Security itself, which guards them; all others carry @permission or @public.
GUARDED_ELSEWHERE = ("static", "security.")
RECORD_NAMES = frozenset({"record", "request", "item", "task", "incident", "problem", "known_error", "change"})
FORBIDDEN_NAMES = ("util", "helper", "common", "manager", "misc")


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (ROOT / folder).rglob("*.py")


def test_every_route_has_a_permission_of_the_matrix(db: str) -> None:
    application = create_app()
    known = matrix().grants.keys() | {PUBLIC}
    without = [
        str(rule)
        for rule in application.url_map.iter_rules()
        if not rule.endpoint.startswith(GUARDED_ELSEWHERE)
        and getattr(application.view_functions[rule.endpoint], "permission", None) not in known
    ]
    assert without == []


def test_a_state_is_assigned_in_records_move_alone() -> None:
    found = []
    for file in sources("app", "flows"):
        if file == ROOT / "app/services/records.py":
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign | ast.AnnAssign) else []
            flat = [each for target in targets for each in (target.elts if isinstance(target, ast.Tuple) else [target])]
            found += [
                f"{file.relative_to(ROOT)}:{node.lineno}"
                for target in flat
                if isinstance(target, ast.Attribute) and target.attr == "state"
                and isinstance(target.value, ast.Name) and target.value.id in RECORD_NAMES
            ]  # fmt: skip
    assert found == []


def test_the_guard_against_silent_changes_works(cast: str) -> None:
    """tests/guards.py watches every unit of work; here it must bite."""
    from app.models.people import Person
    from app.unit_of_work import SYSTEM, unit_of_work
    from tests.guards import Violation

    with pytest.raises(Violation, match="Person"), unit_of_work(SYSTEM) as uow:
        uow.session.query(Person).filter_by(login="ana").one().title = "Director"


def test_every_move_of_a_person_has_a_permission() -> None:
    """Actions that services check by name stand in the matrix; the others only follow from a decision."""
    permissions = matrix().grants
    for move in MOVES:
        name = f"{move.kind}.{move.action}"
        assert name in permissions or move.kind in {RecordKind.REQUEST, RecordKind.ITEM, RecordKind.TASK}, name


def test_moves_name_known_states() -> None:
    for move in MOVES:
        assert move.target in STATES[move.kind]
        assert move.sources <= set(STATES[move.kind])


def test_every_kind_can_be_seen_by_somebody() -> None:
    for kind in RecordKind:
        assert matrix().relations_for(f"{kind}.view") & set(Relation)


def test_files_have_names_that_say_what_they_are() -> None:
    names = [file for file in sources("app", "flows") if file.stem.rstrip("s") in FORBIDDEN_NAMES]
    assert names == []


def test_no_page_trusts_markup_or_text_of_sql() -> None:
    templates = [file for file in (ROOT / "app").rglob("*.html") if "|safe" in file.read_text("utf-8").replace(" ", "")]
    assert templates == []


def test_web_does_not_load_prefect() -> None:
    """Importing Prefect costs seconds; the web process must start without it."""
    script = "import sys, app.web.application; sys.exit('prefect' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0


def test_the_project_names_no_registry_and_no_path_of_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    words = ("pypi" + ".org", "pythonhosted" + ".org", "registry.npmjs" + ".org", "/work/" + "main", "deb.debian" + ".org")
    found = []
    for name in filter(None, listed.split("\0")):
        file = ROOT / name
        if file.is_file() and file.suffix not in {".png", ".woff2", ".ico"}:
            text = file.read_text("utf-8", errors="ignore")
            found += [f"{name}: {word}" for word in words if word in text]
    assert found == []
