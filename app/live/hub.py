"""Who listens to what, and whom a change concerns; all of it in one event loop, so nothing here needs a lock.

A stream holds the names that changed since it was last written to: a slow browser costs a few names, never a queue.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

K = TypeVar("K")
PER_PERSON: Final = 12
IN_ALL: Final = 4000


class Full(Exception):
    """This person, or the process, has as many streams as it may have."""


@dataclass(eq=False)
class Stream:
    """One open stream: whose, what was asked for, what of it may be heard now, what waits to be written."""

    person_id: int
    token_hash: str
    wanted: frozenset[str]
    pages: frozenset[str]
    here: frozenset[str] = frozenset()  # the records whose pages are open
    name: str = ""
    is_inside: bool = False  # works here: hears who is at a record, and is told of
    allowed: frozenset[str] | None = None  # None: not known yet, so what changes meanwhile is kept and judged then
    changed: dict[str, str] = field(default_factory=dict)  # name → "number" or "page", in the order of arrival
    present: set[str] = field(default_factory=set)  # records at which somebody came, went, or began to write
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    has_ended: bool = False

    def tell(self, kind: str, name: str) -> None:
        """Note a change, to be written as soon as the browser takes it."""
        self.changed[name] = kind
        self.wake.set()

    def end(self) -> None:
        """Close the stream after what is being written."""
        self.has_ended = True
        self.wake.set()


class Hub:
    """All open streams of this process."""

    def __init__(self) -> None:
        """Begin with none."""
        self._streams: set[Stream] = set()
        self._by_number: dict[str, set[Stream]] = defaultdict(set)
        self._by_page: dict[tuple[str, int], set[Stream]] = defaultdict(set)

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self._streams)

    def open(self, stream: Stream) -> None:
        """Add a stream; raises Full."""
        mine = sum(1 for other in self._streams if other.person_id == stream.person_id)
        if mine >= PER_PERSON or len(self._streams) >= IN_ALL:
            raise Full
        self._streams.add(stream)
        for number in stream.wanted:
            self._by_number[number].add(stream)
        for page in stream.pages:
            self._by_page[page, stream.person_id].add(stream)

    def close(self, stream: Stream) -> None:
        """Forget a stream; whoever still asks about it finds that it has ended."""
        stream.has_ended = True
        self._streams.discard(stream)
        for number in stream.wanted:
            _drop(self._by_number, number, stream)
        for page in stream.pages:
            _drop(self._by_page, (page, stream.person_id), stream)

    def changed(self, number: str) -> None:
        """Tell all who listen to this record and may see it."""
        for stream in self._by_number.get(number, ()):
            if stream.allowed is None or number in stream.allowed:
                stream.tell("number", number)

    def present(self, number: str) -> None:
        """Tell those who work here and listen to this record that others came, went or write."""
        for stream in self._by_number.get(number, ()):
            if stream.is_inside and number in (stream.allowed or ()):
                stream.present.add(number)
                stream.wake.set()

    def concern(self, concerned: Mapping[str, Iterable[int]]) -> None:
        """Tell the people whose worklist has changed."""
        for page, people in concerned.items():
            for person in people:
                for stream in self._by_page.get((page, person), ()):
                    stream.tell("page", page)

    def listening(self, number: str) -> list[Stream]:
        """Return the streams that listen to this record."""
        return list(self._by_number.get(number, ()))

    def has_pages(self) -> bool:
        """Say whether anybody listens to a worklist."""
        return bool(self._by_page)

    def pages(self) -> frozenset[str]:
        """Return which worklists anybody listens to."""
        return frozenset(page for page, _ in self._by_page)

    def missed(self) -> None:
        """Nothing was heard for a while: everything may have changed."""
        for stream in self._streams:
            tell_all(stream)

    def streams(self, person_id: int | None = None) -> list[Stream]:
        """Return the open streams (of one person)."""
        return [stream for stream in self._streams if person_id in {None, stream.person_id}]

    def end_all(self) -> None:
        """Close every stream: the process ends."""
        for stream in self._streams:
            stream.end()


def tell_all(stream: Stream) -> None:
    """Tell a stream that all it listens to may have changed."""
    for number in stream.allowed or ():
        stream.tell("number", number)
    for page in stream.pages:
        stream.tell("page", page)


def allow(stream: Stream, numbers: Collection[str]) -> None:
    """Set what a stream may hear of from now on; what has just come into sight counts as changed."""
    fresh = frozenset() if stream.allowed is None else frozenset(numbers) - stream.allowed
    stream.allowed = frozenset(numbers)
    stream.changed = {name: kind for name, kind in stream.changed.items() if kind == "page" or name in stream.allowed}
    for number in fresh:
        stream.tell("number", number)


def _drop(index: dict[K, set[Stream]], key: K, stream: Stream) -> None:
    index[key].discard(stream)
    if not index[key]:
        del index[key]
