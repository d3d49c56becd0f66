"""`desk faults kills`: processes die by kill -9 at random while people order and approve; nothing is lost or doubled.

The proof is the directory's own log of changes: each (person, group) must be there once. `desk verify` says the rest.
"""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from typing import Any, Final
from uuid import uuid4

import httpx
from sqlalchemy import select

from app import database
from app.models.directory import DirectoryGroup, GroupMember
from app.models.people import Person
from app.platform.slapd_audit import membership_changes
from app.rules.errors import DeskError
from app.services import audit
from app.settings import settings
from flows.cli import doing
from flows.cli.installation import PROCESSES, Trial, age, demonstration

ENDED: Final = {"fulfilled", "closed"}
SETTLE_SECONDS: Final = 900
UNDER_FIRE: Final = 0.8  # they die until this share of the items is carried out
APPROVE_SECONDS: Final = 0.5
STARTS_WITHIN: Final = 8.0


def run(items: int, seed: int | None, every: float) -> dict[str, Any]:
    """Order, approve and kill; then wait until all is carried out, and look at what there is."""
    seed = random.randrange(10**6) if seed is None else seed  # noqa: S311 - to be played again, not to be secret
    with demonstration() as trial:
        doing.publish()
        return try_out(trial, items, seed, every)


def try_out(trial: Trial, items: int, seed: int, every: float) -> dict[str, Any]:
    """Do it to this desk."""
    chosen = random.Random(seed)  # noqa: S311 - see above
    chances = list(new_memberships())
    chosen.shuffle(chances)
    killer = Killer(trial, chosen, every)
    began = time.monotonic()
    killer.start()
    accepted = _order_and_approve(chances[:items])
    approve_until_ended(accepted, UNDER_FIRE)
    killer.stop()
    calm = time.monotonic()
    approve_until_ended(accepted)
    seconds = {"under_fire": round(calm - began, 1), "to_the_end": round(time.monotonic() - calm, 1)}
    return _report(trial, accepted, killer, seed) | {"seconds": seconds}


class Killer(threading.Thread):
    """Kills one of the desk's processes now and then, by its process id; the supervisor starts it again."""

    def __init__(self, trial: Trial, chosen: random.Random, every: float) -> None:
        """Kill on average each `every` seconds, whom and when as `chosen` says."""
        super().__init__(daemon=True, name="killer")
        self._trial = trial
        self._random = random.Random(chosen.random())  # noqa: S311 - see above
        self._every = every
        self._over = threading.Event()
        self.killed: Counter[str] = Counter()

    def run(self) -> None:
        """Kill until stopped; between two deaths all are at work for a while, or nothing would be tried but starting."""
        while not self._over.wait(self._random.uniform(0.5, 1.5) * self._every):
            name = self._random.choice(sorted(PROCESSES))
            with suppress(ProcessLookupError, IndexError):
                os.kill(self._random.choice(self._trial.pids(name)), signal.SIGKILL)
                self.killed[name] += 1
            while not (self._over.wait(0.5) or self._are_at_work()):
                pass

    def _are_at_work(self) -> bool:
        """Say whether each process has started to work."""
        return all(any(self._is_at_work(name, pid) for pid in self._trial.pids(name)) for name in PROCESSES)

    def _is_at_work(self, name: str, pid: int) -> bool:
        if name != "prefect":
            return age(pid) > STARTS_WITHIN
        with suppress(httpx.HTTPError):
            user, _, password = settings().prefect_auth_string.get_secret_value().partition(":")
            return httpx.get(f"{settings().prefect_api_url}/ready", auth=(user, password), timeout=2).is_success
        return False

    def stop(self) -> None:
        """Let them live."""
        self._over.set()
        self.join()


def new_memberships() -> Iterator[tuple[str, str]]:
    """Yield each person with each group the person is not a member of."""
    with database.sessions()() as session:
        people = session.execute(select(Person.id, Person.login).where(Person.active, Person.directory_uid.is_not(None))).all()
        groups = session.execute(select(DirectoryGroup.id, DirectoryGroup.name).where(DirectoryGroup.gone_at.is_(None))).all()
        members = {(each.person_id, each.group_id) for each in session.scalars(select(GroupMember))}
    for person, group in product(people, groups):
        if (person.id, group.id) not in members:
            yield person.login, group.name


def _order_and_approve(pairs: list[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Order one after the other, and approve what is asked meanwhile; returns what was accepted, by item."""
    accepted: dict[str, tuple[str, str]] = {}
    for person, group in pairs:
        key = uuid4().hex
        while (number := _try_to_order(person, group, key)) is None:
            time.sleep(APPROVE_SECONDS)
        accepted[number] = (person, group)
        _approve_waiting(accepted)
        time.sleep(0.1)
    return accepted


def _try_to_order(person: str, group: str, key: str) -> str | None:
    try:
        return doing.order(person, doing.GROUP_ACCESS, {"group": group}, key)[1]
    except DeskError:  # said again with the same key, it is the same order
        return None


def _approve_waiting(accepted: dict[str, tuple[str, str]]) -> None:
    for number, state in doing.states(list(accepted)).items():
        if state == "awaiting_approval":
            with suppress(DeskError):  # it is asked again at the next look
                doing.approve(number)


def approve_until_ended(accepted: dict[str, tuple[str, str]], share: float = 1.0) -> None:
    """Approve what is asked until this share of the items is carried out, or the time is over."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        _approve_waiting(accepted)
        ended = sum(state in ENDED for state in doing.states(list(accepted)).values())
        if ended >= share * len(accepted) and (share < 1 or doing.is_at_rest(*accepted)):
            return
        time.sleep(APPROVE_SECONDS)


def _report(trial: Trial, accepted: dict[str, tuple[str, str]], killer: Killer, seed: int) -> dict[str, Any]:
    found, books = evidence(trial, accepted), audit.as_json(audit.verify())
    ok = bool(found["ok"] and books["ok"] and sum(killer.killed.values()))
    return {**found, "ok": ok, "seed": seed, "killed": dict(killer.killed), "verify": books}


def evidence(trial: Trial, accepted: dict[str, tuple[str, str]]) -> dict[str, Any]:
    """Compare what was accepted (person and group by item) with where it stands and what the directory itself noted."""
    states = doing.states(list(accepted))
    effects = Counter(_effects(trial))
    twice = sorted(f"{person} in {group}: {count}" for (person, group), count in effects.items() if count != 1)
    missing = sorted(f"{person} in {group}" for person, group in set(accepted.values()) - set(effects))
    unended = sorted(f"{number}: {state}" for number, state in states.items() if state not in ENDED)
    return {
        "ok": not twice and not missing and not unended, "accepted": len(accepted),
        "ended": len(states) - len(unended), "not_ended": unended, "effects": sum(effects.values()),
        "effects_not_once": twice, "effects_missing": missing,
    }  # fmt: skip


def _effects(trial: Trial) -> Iterator[tuple[str, str]]:
    """Yield (person, group) of each change of a membership that the directory itself has on record."""
    if trial.slapd_audit is None:
        raise SystemExit("There is no slapd here, and only a real directory counts what was done to it. Mend: apt-get install slapd")
    for change in membership_changes(trial.slapd_audit):
        for member in change.values("member"):
            yield _name(member), _name(change.dn)


def _name(dn: str) -> str:
    """Return the value of a DN's first part."""
    return dn.partition(",")[0].partition("=")[2]
