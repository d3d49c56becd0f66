"""What can go wrong with the directory, each with a sentence for the reader and what mends it."""

from app.rules.errors import ActionNotAllowed, NotFound, Unavailable
from app.rules.words import Text, t


class DirectoryError(Unavailable):
    """The directory did not do what was asked; nothing was changed on our side."""


class DirectoryOff(DirectoryError):
    """No directory is configured, or the part that speaks LDAP is not installed."""


class DirectoryUnavailable(DirectoryError):
    """The directory is down, or does not answer in time."""

    def __init__(self, text: Text | None = None) -> None:
        """Say it in general unless there is more to say."""
        super().__init__(text or t("The company's directory does not answer. Try again in a few minutes."))


class DirectoryRefusedCertificate(DirectoryError):
    """The connection could not be made private: the certificate is wrong, or the server has none."""

    def __init__(self, reason: str) -> None:
        """Say why the certificate is not believed."""
        super().__init__(t("The directory's certificate is not trusted, so nothing was sent: %(reason)s", reason=reason))


class DirectoryPartial(DirectoryError):
    """The directory gave a part of the answer; a part is never taken for the whole."""

    def __init__(self, reason: str) -> None:
        """Say what cut the answer short."""
        super().__init__(t("The directory gave only a part of the answer: %(reason)s", reason=reason))


class DirectoryMisconfigured(DirectoryError):
    """The desk's own account, address or base does not fit this directory."""


class DirectoryRefusedChange(ActionNotAllowed):
    """The directory does not allow this change: its rights or its schema say no."""

    def __init__(self, reason: str) -> None:
        """Say what the directory answered."""
        super().__init__(t("The directory refused the change: %(reason)s", reason=reason))


class DirectoryLoginTaken(ActionNotAllowed):
    """Somebody else has this user name."""

    def __init__(self, login: str) -> None:
        """Name it."""
        super().__init__(t("The user name %(login)s is taken. Choose another one.", login=login))


class DirectoryEntryMissing(NotFound):
    """The directory answers, and has no such person or group."""
