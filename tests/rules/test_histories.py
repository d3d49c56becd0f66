"""Lines of a foreign log: understood, or rejected with their number and a reason; mapping files say what is wrong with them."""

from typing import Any

import pytest

from app.rules import histories, imports
from app.rules.histories import Line
from app.rules.imports import MappingFault

SAID: dict[str, Any] = {
    "name": "old", "kind": "incident", "dates": ["%d.%m.%Y %H:%M"], "unknown": ["-", ""], "zone": "America/Sao_Paulo", "title": ["what"],
    "columns": {"number": "id", "state": "status", "at": "when", "impact": "i", "urgency": "u", "channel": "by"},
    "states": {"Open": "in_progress", "Waits": "on_hold vendor", "Done": "closed"}, "values": {"channel": {"Tel": "phone"}},
    "links": {"problem": {"column": "prb", "kind": "problem"}},
}  # fmt: skip
GOOD = {"id": "A1", "status": "Open", "when": "1.2.2016 10:00", "i": "2", "u": "1", "by": "Tel", "what": "Printer", "prb": "P 1"}


def line(number: int = 2, **changed: str) -> Line:
    return Line(number, GOOD | changed)


def test_a_line_is_said_in_our_words() -> None:
    found = histories.sort_out(imports.parse(SAID), [line(), line(3, status="Waits", by="Fax", prb="-", what="-")])
    one, other = found.histories["A1"]
    assert (one.state, one.hold_reason, one.at.isoformat(), one.title) == ("in_progress", None, "2016-02-01T12:00:00+00:00", "Printer")
    assert (one.channel, one.links, one.impact, one.urgency) == ("phone", {"problem": "P 1"}, 2, 1)
    assert (other.state, other.hold_reason, other.channel, other.links, other.title) == ("on_hold", "vendor", "Fax", {}, "A1")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (line(3, status="-100"), "the state “-100” is not in the mapping"),
        (line(3, status="-"), "it says no state"),
        (line(3, when="2016-02-01"), "“2016-02-01” is no date of the form %d.%m.%Y %H:%M"),
        (line(3, when="-"), "it does not say when it happened"),
        (line(3, i="9"), "the impact “9” is not in the mapping"),
        (line(3, u=""), "it says no impact and urgency from 1 to 3"),
        (line(3, by="x\x00y"), "by holds a text that cannot be stored"),
        (Line(3, GOOD, "it has 2 values, and the heading has 8"), "it has 2 values, and the heading has 8"),
    ],
)
def test_a_line_that_cannot_be_understood_keeps_its_record_out_and_no_other(wrong: Line, reason: str) -> None:
    found = histories.sort_out(imports.parse(SAID), [line(), wrong, line(4), line(5, id="B2")])
    assert [tuple(each) for each in found.rejected] == [
        (2, "A1", "its record is kept out because of line 3"), (3, "A1", reason), (4, "A1", "its record is kept out because of line 3"),
    ]  # fmt: skip
    assert list(found.histories) == ["B2"]


def test_a_line_without_a_record_is_rejected_alone() -> None:
    found = histories.sort_out(imports.parse(SAID), [line(), line(3, id=" "), line(4, id="-")])
    assert [(each.line, each.reason) for each in found.rejected] == [(3, "it names no record"), (4, "it names no record")]
    assert found.updates == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "ticket"}, "allowed: incident, person, team, ci"),
        ({"extra": 1}, "the file says extra"),
        ({"columns": {"number": "id"}}, "says no state"),
        ({"columns": SAID["columns"] | {"colour": "c"}}, "says colour"),
        ({"states": {"Open": "opened"}}, "write one of our states"),
        ({"states": {"Open": "on_hold"}}, "on_hold with its reason"),
        ({"states": {}}, "states"),
        ({"zone": "Mars/Base"}, "Mars/Base"),
        ({"priorities": {"11": 1}}, "each of"),
        ({"links": {"problem": {"column": "p", "kind": "person"}}}, "problem or change"),
        ({"values": {"impact": {"High": "one"}}}, "whole numbers"),
        ({"dates": "%d"}, "dates must be a list"),
        ({"name": ""}, "name is missing"),
    ],
)
def test_a_wrong_mapping_says_what_is_wrong(change: dict[str, Any], said: str) -> None:
    with pytest.raises(MappingFault, match=said):
        imports.parse(SAID | change)


def test_a_slash_in_a_name_is_not_one_between_two() -> None:
    path = histories.category_path("Hard/ware", "Printer")
    assert histories.category_names(path) == ("Hard/ware", "Printer")
    assert histories.category_names(histories.category_path("Only", None)) == ("Only", "")
    assert histories.category_path(None, None) is None
