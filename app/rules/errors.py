"""What can go wrong in a use case; every edge maps these to its own form in one place."""

from collections.abc import Mapping

from app.rules.words import Text, t


class DeskError(Exception):
    """A use case was refused; `text` says what, where and how to mend it."""

    status = 400

    def __init__(self, text: Text) -> None:
        """Keep the sentence for the reader."""
        super().__init__(str(text))
        self.text = text


class NotFound(DeskError):
    """It does not exist, or the actor may not see it: the answer is the same."""

    status = 404

    def __init__(self, what: str) -> None:
        """Name what was looked for, as the reader typed it."""
        super().__init__(t("There is no %(what)s, or you may not see it.", what=what))


class Forbidden(DeskError):
    """The actor sees it but may not do this."""

    status = 403


class ActionNotAllowed(DeskError):
    """The record's state, or a guard, does not allow this action now."""

    status = 409


class Stale(DeskError):
    """Somebody changed the record since it was read; `theirs` holds the values now stored (docs/decisions/0011)."""

    status = 409

    def __init__(self, number: str, theirs: Mapping[str, object]) -> None:
        """Keep the other version, so that both can be shown field by field."""
        super().__init__(t("%(number)s was changed by somebody else while you were editing it.", number=number))
        self.number = number
        self.theirs = dict(theirs)


class StaleEdit(Stale):
    """The same of a record that people edit: the page of an incident."""

    status = 412


class Invalid(DeskError):
    """Input that does not fit; `fields` has one sentence for each wrong field."""

    status = 422

    def __init__(self, fields: Mapping[str, Text], text: Text | None = None) -> None:
        """Keep a sentence for each field by its name."""
        super().__init__(text or t("Some answers need another look."))
        self.fields = dict(fields)


class TooManyTries(DeskError):
    """It was tried too often; `retry_after` seconds from now it may be tried again."""

    status = 429

    def __init__(self, retry_after: int) -> None:
        """Say how long to wait, in whole minutes."""
        minutes = -(-retry_after // 60)
        super().__init__(
            t("There were too many tries. Wait %(minutes)s minutes and try again.", minutes=minutes)
            if minutes > 1
            else t("There were too many tries. Wait a minute and try again.")
        )
        self.retry_after = retry_after


class Unavailable(DeskError):
    """An outside part does not answer; nothing was lost."""

    status = 503
