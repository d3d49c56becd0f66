"""The list of guards that are tried by taking them away: it covers the attacks and still fits the code."""

import pytest

from tests.security.without_guards import PAGE, ROOT, Guard, guards, table

ATTACKS = {1, 2, 3, 4, 6, 7, 8, 11, 23, 36, 38, 39, 40, 43, 44, 45, 46, 47, 48}


def test_every_attack_on_the_catalogue_has_a_guard_that_is_tried_by_taking_it_away() -> None:
    assert {attack for guard in guards() for attack in guard.attacks} >= ATTACKS


@pytest.mark.parametrize("guard", guards(), ids=lambda guard: guard.what)
def test_each_guard_stands_where_the_list_says_and_each_test_is_there(guard: Guard) -> None:
    for edit in guard.edits:
        assert (ROOT / edit.file).read_text("utf-8").count(edit.old) == 1, edit
    for test in guard.tests:
        file, _, name = test.partition("::")
        assert f"def {name.partition('[')[0]}(" in (ROOT / file).read_text("utf-8"), test


def test_the_page_of_the_docs_is_the_list() -> None:
    assert PAGE.read_text("utf-8") == table(guards())
