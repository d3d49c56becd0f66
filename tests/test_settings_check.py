"""A wrong setting stops the start with its name, its shape and what is allowed, and never with its value."""

import pytest

from app import settings_check
from app.settings import Settings, settings
from app.settings_check import WrongSettings


@pytest.mark.parametrize(("variable", "value", "allowed"), [
    ("DESK_PORT", "eighty", "a whole number from 1 to 65535"),
    ("DESK_PORT", "70000", "a whole number from 1 to 65535"),
    ("DESK_DEMO", "perhaps", "true or false"),
    ("DESK_LDAP_VENDOR", "novell", "openldap, active-directory"),
    ("DESK_LDAP_TIMEOUT_SECONDS", "0", "a number above 0 to 30"),
])
def test_a_wrong_value_is_named_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, allowed: str
) -> None:
    monkeypatch.setenv(variable, value)
    settings.cache_clear()
    with pytest.raises(WrongSettings) as caught:
        settings()
    settings.cache_clear()
    assert variable in str(caught.value)
    assert allowed in str(caught.value)
    assert f"'{value}'" not in str(caught.value)


def test_a_misspelt_variable_is_pointed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_LDAP_ULR", "ldap://x")
    assert settings_check.warnings(Settings.model_fields) == ["DESK_LDAP_ULR is not a setting; did you mean DESK_LDAP_URL?"]


def test_secret_files_are_known_and_read(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("secrets") / "key"
    file.write_text("from a file\n")
    monkeypatch.delenv("DESK_SECRET_KEY")
    monkeypatch.setenv("DESK_SECRET_KEY_FILE", str(file))
    assert settings_check.warnings(Settings.model_fields) == []
    assert Settings().secret_key.get_secret_value() == "from a file"
    assert settings_check.source("secret_key") == "DESK_SECRET_KEY_FILE"


def test_secrets_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_DATABASE_URL", "postgresql://desk:pass-word@db.example:5432/desk?password=also-secret")
    monkeypatch.setenv("DESK_SMTP_PASSWORD", "hunter2-secret")
    rows = {row.variable: row for row in settings_check.rows(Settings())}
    assert rows["DESK_DATABASE_URL"].shown == "postgresql://desk:***@db.example:5432/desk"
    assert rows["DESK_SMTP_PASSWORD"].shown == settings_check.HIDDEN
    text = " ".join(row.shown for row in rows.values())
    assert "secret" not in text.replace(settings_check.HIDDEN, "")
    assert "pass-word" not in text
