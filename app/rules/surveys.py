"""Who is asked how it went, and what an answer may be (domain.md 8). Pure."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from zlib import crc32

from app.rules.errors import Invalid
from app.rules.words import t

FILE: Final = "surveys.toml"
CSAT, NPS = range(1, 6), range(11)
GOOD: Final = 4  # from here on somebody is satisfied
BAD: Final = 2  # up to here the team's lead hears of it
COMMENT_LIMIT: Final = 2000
FACES: Final = {1: t("Very bad"), 2: t("Bad"), 3: t("So-so"), 4: t("Good"), 5: t("Very good")}


@dataclass(frozen=True)
class Policy:
    """Of how many closed records their people are asked, how long nobody is asked again, and how long an answer counts."""

    percent: int = 100
    pause: timedelta = timedelta(days=7)
    open_for: timedelta = timedelta(days=30)

    def asks(self, number: str) -> bool:
        """Say whether this record is among those; the same record always or never is."""
        return crc32(number.encode()) % 100 < self.percent


@dataclass(frozen=True)
class Answer:
    """What somebody said: satisfaction 1 to 5, whether one would recommend it 0 to 10 (or not said), and words."""

    csat: int
    nps: int | None = None
    comment: str = ""


def answer(csat: str, nps: str, comment: str) -> Answer:
    """Return what a form says; Invalid names the field that cannot be."""
    wrong = {}
    if not csat.isdecimal() or int(csat) not in CSAT:
        wrong["csat"] = t("Choose one from the list.")
    if nps and (not nps.isdecimal() or int(nps) not in NPS):
        wrong["nps"] = t("Choose one from the list.")
    words = comment.replace("\x00", "").strip()
    if len(words) > COMMENT_LIMIT:
        wrong["comment"] = t("At most %(limit)s characters.", limit=COMMENT_LIMIT)
    if wrong:
        raise Invalid(wrong)
    return Answer(int(csat), int(nps) if nps else None, words)


def nps_points(nps: int) -> int:
    """Return 100 for whoever promotes (9, 10), -100 for whoever detracts (0 to 6), 0 between: their mean is the NPS."""
    return 100 if nps >= 9 else -100 if nps <= 6 else 0
