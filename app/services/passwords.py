"""Passwords of local accounts: argon2id, and what makes one good enough (ASVS 6.2: length and guessing, no composition)."""

import unicodedata
from collections.abc import Iterable
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.rules.errors import Invalid
from app.rules.words import Text, t

SHORTEST: Final = 12  # 15 and more are advised on the page
LONGEST: Final = 256
GUESSES: Final = 3  # zxcvbn's scale: 3 is "safely unguessable", 10^8 guesses and more
OF_OTHERS: Final = 6  # so many letters and digits must be left without one's names and ours
JUDGED: Final = 72  # zxcvbn takes quadratic time; what is longer is long enough
OUR_WORDS: Final = ("balcao", "balcão", "desk", "servicedesk")

# RFC 9106, second recommendation: 64 MiB, 3 passes, 4 lanes.
_HASHER: Final = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)
# A hash of nothing anybody knows: whoever has no password costs as much as whoever has one.
_NOBODY: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$6D0HIARgrLX2Puc8J6TUeg$w3KJAvPwMTiUBC8hoMZNDnZLZo8C8D6FujccrRUmbvA"
)


def normal(password: str) -> str:
    """Return the one spelling of a password that keyboards type in several (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def hashed(password: str) -> str:
    """Return the argon2id hash to store."""
    return _HASHER.hash(normal(password))


def is_right(password: str, stored: str | None) -> bool:
    """Say whether this is the password; without a stored one the same work is done for a no."""
    try:
        return _HASHER.verify(stored or _NOBODY, normal(password)) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def needs_new_hash(stored: str) -> bool:
    """Say whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def fault(password: str, own_words: Iterable[str]) -> Text | None:
    """Say what is wrong with a new password, or None; `own_words` are those an attacker would try first."""
    typed = normal(password)
    if len(typed) < SHORTEST:
        return t("Use at least %(count)s characters. Four or more unrelated words are a good password.", count=SHORTEST)
    if len(typed) > LONGEST:
        return t("Use at most %(count)s characters.", count=LONGEST)
    from zxcvbn import zxcvbn

    words = [*OUR_WORDS, *(word.lower() for word in own_words if len(word) > 2)]
    rest = typed.lower()
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    if sum(map(str.isalnum, rest)) < OF_OTHERS or zxcvbn(typed[:JUDGED], user_inputs=words)["score"] < GUESSES:
        return t("This password is easy to guess: it is on lists of common ones, or made of names, dates or rows of keys.")
    return None


def check(password: str, own_words: Iterable[str], field: str = "password") -> None:
    """Raise Invalid unless the password is good enough."""
    if (wrong := fault(password, own_words)) is not None:
        raise Invalid({field: wrong})
