"""What pages ask for: a request that writes down which parameters and fields were looked up, and what of others these could name."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import pytest
from flask import Flask
from werkzeug.datastructures import ImmutableMultiDict

from app.services import families, majors, reporting
from app.services.reporting import Report
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import person_id

CANARY: Final = "CANARY7f3a"
EVERY: Final = "*"  # it took whatever there is
# What a parameter may be given to learn of others' records; a page that asks for another one fails the test until it is named here.
PROBES: Final[Mapping[str, tuple[str, ...]]] = {
    "q": ("CANARY7f3a", "REQ1", "INC1", "access"), "show": ("all", "open"), "title": ("CANARY7f3a",), "caller": ("ana",), "category": ("network/vpn",),
    "origin": ("REQ0000001",), "besides": ("INC0000001",), "number": ("INC0000001", "TSK0000001"), "team": ("service-desk", "identity"), "kind": ("incident",), "person": ("ana",),
    "service": ("vpn",), "sort": ("priority", "-updated", "requester"), "state": ("new",), "priority": ("4",), "assignee": ("none", "ana"), "requester": ("ana",), "columns": ("number,title,requester",),
    "group": ("finance-ro",), "before": ("2099-01-01",), "status": ("open",), "words": ("CANARY7f3a",), "tag": ("vpn",), "class": ("service",), "role": ("analyst",),
    "column": ("new",), "to": ("ana",), "item": ("workplace/hidden",), "line": ("1",), "period": ("all", "own", "365d"), "compare": ("year",), "from": ("2026-01-01",), "by": ("team",), "part": ("5",), "only": ("not-canceled",), "age": ("week",), "impact": ("1",), "urgency": ("1",), "cause": ("INC0000001",),
}  # fmt: skip
NOT_PROBED: Final = frozenset({EVERY, "page", "next", "v", "sent", "csrf_token", "_flashes"})  # a place in a list, an address of one's own
FURTHER: Final = ("/incidents/export.csv?show=all", "/incidents/?show=open&sort=priority&q=CANARY7f3a", "/tasks/board?team=service-desk",
                  "/reports/volume?by=category&period=365d", "/reports/volume.csv?by=team&period=365d", "/reports/volume/records?period=365d", "/reports/backlog/records",
                  "/incidents/new/beside?caller=ana&title=CANARY7f3a&category=network/vpn")  # fmt: skip

@contextmanager
def heard(monkeypatch: pytest.MonkeyPatch, application: Flask) -> Iterator[set[str]]:
    """Yield the names that are asked for meanwhile, in the address or in what is sent."""
    names: set[str] = set()

    class Heard(ImmutableMultiDict[str, Any]):
        def __getitem__(self, key: str) -> Any:
            names.add(key)
            return super().__getitem__(key)

        def __contains__(self, key: object) -> bool:
            names.add(str(key))
            return super().__contains__(key)

        def get(self, key: str, *given: Any, **more: Any) -> Any:
            names.add(key)
            return super().get(key, *given, **more)

        def getlist(self, key: str, *given: Any, **more: Any) -> Any:
            names.add(key)
            return super().getlist(key, *given, **more)

        def items(self, *given: Any, **more: Any) -> Any:
            names.add(EVERY)
            return super().items(*given, **more)

        def to_dict(self, *given: Any, **more: Any) -> Any:
            names.add(EVERY)
            return super().to_dict(*given, **more)

    with monkeypatch.context() as patched:
        patched.setattr(application.request_class, "parameter_storage_class", Heard)
        yield names


def lead_an_outage(number: str) -> None:
    """Make an incident a major one that others lead, and another a part of it."""
    with unit_of_work(SYSTEM) as uow:
        majors.propose(uow, number, f"{CANARY} stops all work", f"{CANARY} cannot be paid")
        majors.accept(uow, number, majors.Terms(person_id("caro"), person_id("bo"), person_id("eva"), f"{CANARY} is down", f"{CANARY} parou"))
        families.adopt(uow, reporting.open_for(uow, person_id("helena"), Report(f"{CANARY} too")).number, number)
