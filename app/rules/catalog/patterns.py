"""Regular expressions from the files of the catalogue, matched in linear time: none can hang the desk.

Only a subset is read: letters and signs, `.`, `\\d \\w \\s`, `[...]`, groups, `|`, and `? * + {2} {2,5}`. It is compiled to a
plain automaton that looks at each sign once, so the work is length × size whatever the pattern; a repetition inside
a repeated group, a look-around or a reference back is refused when the file is checked. The whole text must fit.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NoReturn

from app.rules.words import Text, t

LONGEST = 300  # signs of a pattern
MOST_STATES = 800
MOST_TIMES = 100  # {n,m}
MOST_GROUPS = 30

Test = Callable[[str], bool]
CLASSES: Final[dict[str, Test]] = {
    "d": lambda sign: sign in "0123456789",
    "w": lambda sign: sign.isalnum() or sign == "_",
    "s": str.isspace,
}
SIGNS: Final = frozenset(r"\.^$*+?()[]{}|-/@#%&_:;,!'\"~= ")
TRIED: Final = "a0A-._ " + "".join(map(chr, range(33, 0x2000)))
QUANTIFIERS: Final = {"?": (0, 1), "*": (0, None), "+": (1, None)}


class Unreadable(ValueError):
    """A pattern outside the subset; `text` says what."""

    def __init__(self, text: Text) -> None:
        """Keep the sentence."""
        super().__init__(str(text))
        self.text = text


@dataclass
class Node:
    """A part of a pattern: one sign (`test`), a sequence, alternatives, or a repetition of its one child."""

    kind: str  # "sign", "sequence", "either", "repeat"
    test: Test | None = None
    children: list["Node"] = field(default_factory=list)
    least: int = 1
    most: int | None = 1

    def varies(self) -> bool:
        """Whether something inside may be repeated more or less often."""
        return (self.kind == "repeat" and self.least != self.most) or any(child.varies() for child in self.children)


def fault(pattern: str) -> Text | None:
    """Say what is wrong with a pattern, or nothing."""
    try:
        _automaton(pattern)
    except Unreadable as unreadable:
        return unreadable.text
    return None


def fits(pattern: str, text: str) -> bool:
    """Say whether the whole text fits the pattern; Unreadable for one that `fault` would refuse."""
    automaton = _automaton(pattern)
    current = automaton.closure(automaton.start)
    for sign in text:
        following: set[int] = set()
        for state in current:
            test = automaton.tests[state]
            if test is not None and test(sign):
                following |= automaton.closure(automaton.after[state][0])
        current = frozenset(following)
        if not current:
            return False
    return automaton.end in current


def example(pattern: str) -> str:
    """Return a short text that fits the pattern."""
    return _example(_Reader(pattern).read())


def _example(node: Node) -> str:
    match node.kind:
        case "sign":
            return next(sign for sign in TRIED if node.test is not None and node.test(sign))
        case "sequence":
            return "".join(_example(child) for child in node.children)
        case "either":
            return _example(node.children[0])
        case _:
            return _example(node.children[0]) * node.least


class _Automaton:
    """States by number: those with a test take a sign, the others lead on without one."""

    def __init__(self, root: Node) -> None:
        self.tests: list[Test | None] = []
        self.after: list[list[int]] = []
        self._closures: dict[int, frozenset[int]] = {}
        self.end = self._state()
        self.start = self._build(root, self.end)

    def closure(self, state: int) -> frozenset[int]:
        """Return every state that can be reached from one without taking a sign."""
        if state not in self._closures:
            seen, todo = {state}, [state]
            while todo:
                here = todo.pop()
                if self.tests[here] is None:
                    fresh = [each for each in self.after[here] if each not in seen]
                    seen.update(fresh)
                    todo += fresh
            self._closures[state] = frozenset(seen)
        return self._closures[state]

    def _state(self, test: Test | None = None, *after: int) -> int:
        if len(self.tests) >= MOST_STATES:
            raise Unreadable(t("The pattern is too large."))
        self.tests.append(test)
        self.after.append(list(after))
        return len(self.tests) - 1

    def _build(self, node: Node, end: int) -> int:
        """Return the state at which the node begins, given the one that follows it."""
        match node.kind:
            case "sign":
                return self._state(node.test, end)
            case "sequence":
                for child in reversed(node.children):
                    end = self._build(child, end)
                return end
            case "either":
                return self._state(None, *(self._build(child, end) for child in node.children))
            case _:
                return self._repeat(node, end)

    def _repeat(self, node: Node, end: int) -> int:
        (child,) = node.children
        if node.most is None:
            loop = self._state(None, end)
            self.after[loop].append(self._build(child, loop))
            end = loop
        else:
            last = end
            for _ in range(node.most - node.least):
                end = self._state(None, last, self._build(child, end))
        for _ in range(node.least):
            end = self._build(child, end)
        return end


@lru_cache(maxsize=512)
def _automaton(pattern: str) -> _Automaton:
    return _Automaton(_Reader(pattern).read())


class _Reader:
    """Reads a pattern sign by sign."""

    def __init__(self, pattern: str) -> None:
        if len(pattern) > LONGEST or pattern.count("(") > MOST_GROUPS:
            raise Unreadable(t("The pattern is too large."))
        self.rest = pattern.removeprefix("^")
        if self.rest.endswith("$") and not self.rest.endswith("\\$"):
            self.rest = self.rest[:-1]
        self.at = 0

    def read(self) -> Node:
        found = self._either()
        if self.at < len(self.rest):
            self._refuse()
        return found

    def _either(self) -> Node:
        ways = [self._sequence()]
        while self._take("|"):
            ways.append(self._sequence())
        return ways[0] if len(ways) == 1 else Node("either", children=ways)

    def _sequence(self) -> Node:
        parts = []
        while self.at < len(self.rest) and self.rest[self.at] not in "|)":
            parts.append(self._repeated(self._atom()))
        return Node("sequence", children=parts)

    def _repeated(self, atom: Node) -> Node:
        times = self._times()
        if times is None:
            return atom
        least, most = times
        if (most is None or most > 1) and atom.varies():
            raise Unreadable(t("The pattern repeats something that is itself repeated."))
        if self._times() is not None:
            raise Unreadable(t("The pattern repeats something that is itself repeated."))
        return Node("repeat", children=[atom], least=least, most=most)

    def _times(self) -> tuple[int, int | None] | None:
        sign = self.rest[self.at : self.at + 1]
        if sign in QUANTIFIERS and sign:
            self.at += 1
            return QUANTIFIERS[sign]
        if not self._take("{"):
            return None
        inside, brace, _ = self.rest[self.at :].partition("}")
        low, comma, high = inside.partition(",")
        if not brace or not low.isascii() or not low.isdigit() or not ((high.isascii() and high.isdigit()) or not high):
            self._refuse()
        self.at += len(inside) + 1
        least = int(low[:6])
        most = (int(high[:6]) if high else None) if comma else least
        if max(least, most or 0) > MOST_TIMES or (most is not None and most < least):
            raise Unreadable(t("The pattern is too large."))
        return least, most

    def _atom(self) -> Node:
        sign = self._next()
        if sign == "(":
            if self._take("?") and not self._take(":"):
                self._refuse()
            inside = self._either()
            if not self._take(")"):
                self._refuse()
            return inside
        if sign == "[":
            return Node("sign", self._set())
        if sign == ".":
            return Node("sign", lambda one: one != "\n")
        if sign == "\\":
            return Node("sign", self._escaped())
        if sign in "?*+{}^$])":
            self._refuse()
        return Node("sign", sign.__eq__)

    def _escaped(self) -> Test:
        sign = self._next()
        if sign in CLASSES:
            return CLASSES[sign]
        if sign not in SIGNS:
            self._refuse()
        return sign.__eq__

    def _set(self) -> Test:
        negated = self._take("^")
        tests: list[Test] = []
        while not self._take("]"):
            sign = self._next()
            escaped = sign == "\\"
            test = self._escaped() if escaped else sign.__eq__
            low = self.rest[self.at - 1]
            is_range = self.rest[self.at : self.at + 1] == "-" and self.rest[self.at + 1 : self.at + 2] not in ("]", "")
            if is_range and not (escaped and low in CLASSES):
                self.at += 1
                test = _between(low, self._next())
            tests.append(test)
        if not tests:
            self._refuse()
        return lambda one: any(test(one) for test in tests) != negated

    def _take(self, sign: str) -> bool:
        if self.rest[self.at : self.at + 1] != sign:
            return False
        self.at += 1
        return True

    def _next(self) -> str:
        if self.at >= len(self.rest):
            self._refuse()
        self.at += 1
        return self.rest[self.at - 1]

    def _refuse(self) -> NoReturn:
        raise Unreadable(t("The pattern cannot be read at sign %(number)s.", number=self.at + 1))


def _between(low: str, high: str) -> Test:
    if high == "\\" or high < low:
        raise Unreadable(t("The pattern cannot be read at sign %(number)s.", number=1))
    return lambda one: low <= one <= high
