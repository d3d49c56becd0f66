"""The company's directory: who works here, who leads whom, and who is in which group.

`directory()` gives the one that is configured. The only package that speaks LDAP (import-linter contract); where
python-ldap is not installed the desk works on without a directory, and says so.
"""

import importlib.util
from functools import cache

from app.directory.errors import (
    DirectoryEntryMissing,
    DirectoryError,
    DirectoryLoginTaken,
    DirectoryMisconfigured,
    DirectoryOff,
    DirectoryPartial,
    DirectoryRefusedCertificate,
    DirectoryRefusedChange,
    DirectoryUnavailable,
)
from app.directory.interface import Directory, DirectoryStatus
from app.directory.off import OffDirectory
from app.rules.directory import DirectoryGroup, DirectoryPerson, DirectorySnapshot, NewPerson
from app.rules.words import t
from app.settings import Settings, settings

__all__ = [
    "Directory", "DirectoryEntryMissing", "DirectoryError", "DirectoryGroup", "DirectoryLoginTaken", "DirectoryMisconfigured", "DirectoryOff",
    "DirectoryPartial", "DirectoryPerson", "DirectoryRefusedCertificate", "DirectoryRefusedChange", "DirectorySnapshot",
    "DirectoryStatus", "DirectoryUnavailable", "NewPerson", "OffDirectory", "directory", "directory_for",
]


@cache
def directory() -> Directory:
    """Return this process's directory; tests clear it with `directory.cache_clear()`."""
    return directory_for(settings())


def directory_for(chosen: Settings) -> Directory:
    """Return the directory these settings name: a real one, the demonstration's twin, or one that is off."""
    if not chosen.ldap_url:
        return OffDirectory(t("No directory is configured: set DESK_LDAP_URL."))
    if chosen.ldap_url.startswith("twin:"):
        from app.directory.twin import TwinDirectory

        return TwinDirectory()
    if importlib.util.find_spec("ldap") is None:
        return OffDirectory(t("The directory is configured, but python-ldap is not installed: ./desk doctor says how."))
    from app.directory.access import Access
    from app.directory.ldap_directory import LdapDirectory

    try:
        return LdapDirectory(Access(
            url=chosen.ldap_url, bind_dn=chosen.ldap_bind_dn, bind_password=chosen.ldap_bind_password.get_secret_value(),
            people_base=chosen.ldap_people_base, groups_base=chosen.ldap_groups_base or chosen.ldap_people_base,
            people_filter=chosen.ldap_people_filter, vendor=chosen.ldap_vendor, new_people_base=chosen.ldap_new_people_base,
             starttls=chosen.ldap_starttls,
            allow_clear=chosen.ldap_allow_clear, ca_file=chosen.ldap_ca_file, timeout=chosen.ldap_timeout_seconds,
            deadline=2 * chosen.ldap_timeout_seconds,
        ))
    except DirectoryMisconfigured as wrong:
        return OffDirectory(wrong.text)
