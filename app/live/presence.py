"""Who looks at a record and who writes on it: known for seconds, stored nowhere, told among the processes by NOTIFY.

Somebody is there as long as a browser's stream says so, and writes until some seconds after the last key. What another
process told is forgotten when it has not told it again for a while, so the people of one that died vanish by themselves.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from app.live.hub import Hub, Stream

CHANNEL: Final = "desk_presence"
WRITES_SECONDS: Final = 8.0
FORGET_SECONDS: Final = 16.0
TELL_SECONDS: Final = 5.0
AT_ONCE: Final = 60  # people in one NOTIFY, which holds 8000 bytes
FASTEST: Final = 0.5  # seconds between two words of "I write" that count


@dataclass
class Somebody:
    """A person at a record: until when by whose word, and until when writing."""

    name: str
    until: dict[str, float]
    writes_until: float = 0.0


class Presence:
    """What this process knows; `tell` sends a payload to the others, `clock` gives seconds that only grow."""

    def __init__(self, hub: Hub, tell: Callable[[str], None], clock: Callable[[], float]) -> None:
        """Begin with nobody."""
        self._hub, self._tell, self._clock = hub, tell, clock
        self._me = uuid4().hex[:12]
        self._at: dict[str, dict[int, Somebody]] = {}
        self._streams: dict[tuple[str, int], set[Stream]] = {}

    def arrive(self, stream: Stream) -> None:
        """A browser shows these records now (again); what it may see of them counts."""
        for number in stream.here & (stream.allowed or frozenset()) if stream.is_inside else ():
            mine = self._streams.setdefault((number, stream.person_id), set())
            if stream not in mine:
                mine.add(stream)
                if len(mine) == 1:
                    self._here(number, stream.person_id, stream.name)
        for number, person in [key for key, mine in self._streams.items() if stream in mine and key[0] not in (stream.allowed or ())]:
            self._leave(number, person, stream)

    def leave(self, stream: Stream) -> None:
        """A browser is gone."""
        for number, person in [key for key, mine in self._streams.items() if stream in mine]:
            self._leave(number, person, stream)

    def write(self, person_id: int, number: str) -> bool:
        """Somebody writes; only whose browser shows the record is believed. False where nobody is."""
        if (number, person_id) not in self._streams or (somebody := self._at.get(number, {}).get(person_id)) is None:
            return False
        if somebody.writes_until - WRITES_SECONDS + FASTEST > self._clock():
            return True
        self._wrote(number, person_id)
        self._send([{"n": number, "p": person_id, "s": "writing"}])
        return True

    def heard(self, payload: str) -> None:
        """Another process told something."""
        said = json.loads(payload)
        if said["by"] == self._me:
            return
        for one in said["what"]:
            number, person = str(one["n"]), int(one["p"])
            match one["s"]:
                case "here":
                    self._put(number, person, str(one["name"]), str(said["by"]))
                case "gone":
                    self._take(number, person, str(said["by"]))
                case "writing":
                    self._wrote(number, person)

    def tell_again(self, *, is_time: bool = True) -> None:
        """Say who is here to processes that began later (when it `is_time`), and forget whom nobody has told of for a while."""
        now = self._clock()
        mine = [{"n": number, "p": person, "s": "here", "name": self._at[number][person].name} for number, person in self._streams if is_time]
        for first in range(0, len(mine), AT_ONCE):
            self._send(mine[first : first + AT_ONCE])
        for number, people in list(self._at.items()):
            for person, somebody in list(people.items()):
                late = [by for by, until in somebody.until.items() if by != self._me and until < now]
                for by in late:
                    self._take(number, person, by)
                if 0 < somebody.writes_until < now and person in self._at.get(number, {}):
                    somebody.writes_until = 0.0
                    self._hub.present(number)

    def at(self, number: str, besides: int) -> list[Mapping[str, Any]]:
        """Return who is at a record, but for one person: id, name and whether writing; by name."""
        now = self._clock()
        people = ({"id": person, "name": each.name, "writing": each.writes_until > now} for person, each in self._at.get(number, {}).items() if person != besides)
        return sorted(people, key=lambda each: str(each["name"]))

    def _here(self, number: str, person: int, name: str) -> None:
        self._put(number, person, name, self._me)
        self._send([{"n": number, "p": person, "s": "here", "name": name}])

    def _leave(self, number: str, person: int, stream: Stream) -> None:
        mine = self._streams[number, person]
        mine.discard(stream)
        if not mine:
            del self._streams[number, person]
            self._take(number, person, self._me)
            self._send([{"n": number, "p": person, "s": "gone"}])

    def _put(self, number: str, person: int, name: str, by: str) -> None:
        people = self._at.setdefault(number, {})
        is_new = person not in people
        somebody = people.setdefault(person, Somebody(name, {}))
        somebody.until[by] = self._clock() + FORGET_SECONDS
        if is_new:
            self._hub.present(number)

    def _take(self, number: str, person: int, by: str) -> None:
        people = self._at.get(number, {})
        if (somebody := people.get(person)) is None:
            return
        somebody.until.pop(by, None)
        if not somebody.until:
            del people[person]
            if not people:
                del self._at[number]
            self._hub.present(number)

    def _wrote(self, number: str, person: int) -> None:
        if (somebody := self._at.get(number, {}).get(person)) is not None:
            wrote = somebody.writes_until > self._clock()
            somebody.writes_until = self._clock() + WRITES_SECONDS
            if not wrote:
                self._hub.present(number)

    def _send(self, what: Iterable[Mapping[str, Any]]) -> None:
        self._tell(json.dumps({"by": self._me, "what": list(what)}))
