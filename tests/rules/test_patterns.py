"""Patterns from files: the subset means what `re` means, and none makes the desk work for long."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.rules.catalog import patterns

EXAMPLES = {
    r"NB-\d{5}": (["NB-01234"], ["NB-1234", "NB-012345", "nb-01234", "NB-٠١٢٣٤", ""]),
    r"^[A-Z]{2,3}(-\d+)?$": (["AB", "ABC-1", "AB-123"], ["A", "AB-", "ABCD"]),
    r"\w+@\w+\.example": (["ana@demo.example", "é@x.example"], ["ana@demo_example", "@demo.example"]),
    r"(?:red|green|)": (["red", "green", ""], ["blue", "redgreen"]),
    r"[^\d\s]*": (["abc", ""], ["a1", "a b"]),
    r"[a\-z]{3}": (["a-z"], ["abz"]),
    r"[\]x]": (["]", "x"], ["["]),
    r"a.c": (["abc", "a.c"], ["a\nc", "ac"]),
    r"(\d{3}\.){2}\d{3}-\d{2}": (["123.456.789-01"], ["123.456.789"]),
}


@pytest.mark.parametrize("pattern", EXAMPLES)
def test_a_pattern_fits_the_whole_text_or_not_at_all(pattern):
    good, bad = EXAMPLES[pattern]
    assert patterns.fault(pattern) is None
    assert [text for text in good if not patterns.fits(pattern, text)] == []
    assert [text for text in bad if patterns.fits(pattern, text)] == []


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "(a*)*", "([a-z]+)*x", "(a?){5}", "((ab)+c)+", "a**", "a+?", "(a", "a)", "[a", "[]", "[z-a]", "a{2", "a{x}", "a{3,2}", "a{101}",
     r"(a)\1", "(?=a)", "(?P<n>a)", r"\b", r"\x41", r"\p{L}", "a{1000000000000}", "^^a", "a$b", "*a", "{3}", "(" * 300, "x" * 301,
     "[a-z]{100}" * 9, "\\"],
)  # fmt: skip
def test_what_lies_outside_the_subset_is_refused_in_words(pattern):
    assert str(patterns.fault(pattern)).endswith(".")


@pytest.mark.parametrize("pattern", [r"\w*\w*\w*\w*\w*\w*\w*\w*x", "(a|a|aa)+", "(a|b|ab)*c", "[a-z]*[a-z]*[a-z]*1", "a{0,100}a{0,100}a{0,100}b"])
def test_a_pattern_that_would_hang_other_matchers_is_quick_here(pattern):
    assert patterns.fault(pattern) is None
    began = time.process_time()
    assert not patterns.fits(pattern, "a" * 4000 + "!")
    assert time.process_time() - began < 4


@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")  # what "[[]" may mean one day
@settings(max_examples=300, deadline=None)
@given(st.text("ab1-.[]()|?*+{},2\\dw^$", max_size=12), st.text("ab1-.", max_size=8))
def test_where_a_pattern_is_read_it_means_what_python_says(pattern, text):
    if patterns.fault(pattern) is None:
        assert patterns.fits(pattern, text) == bool(re.fullmatch(pattern, text)), (pattern, text)
