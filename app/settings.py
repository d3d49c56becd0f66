"""Every setting of the desk: config/default.toml < environment DESK_* < DESK_*_FILE (operations.md 1)."""

import os
import tomllib
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from app.rules import permissions
from app.rules.access import Unanswered
from app.settings_check import PREFIX, WrongSettings

ROOT = Path(__file__).resolve().parent.parent


class DefaultFile(PydanticBaseSettingsSource):
    """Values of config/default.toml, the lowest source."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        """Return one value of the file (required by the base class)."""
        return self._values().get(field_name), field_name, False

    def _values(self) -> dict[str, Any]:
        folder = Path(os.environ.get(PREFIX + "CONFIG_DIR", ROOT / "config"))
        return tomllib.loads((folder / "default.toml").read_text("utf-8"))

    def __call__(self) -> dict[str, Any]:
        """Return every value of the file that is not empty."""
        return {name: value for name, value in self._values().items() if value != ""}


class SecretFiles(PydanticBaseSettingsSource):
    """DESK_<NAME>_FILE: the value is the content of that file, without its last line end."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        """Return the content of the named file, or nothing."""
        path = os.environ.get(f"{PREFIX}{field_name.upper()}_FILE")
        return (Path(path).read_text("utf-8").rstrip("\n") if path else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return a value for each setting that has a file."""
        found = {name: self.get_field_value(None, name)[0] for name in self.settings_cls.model_fields}
        return {name: value for name, value in found.items() if value is not None}


class Settings(BaseSettings):
    """The settings, checked; names are those of the environment in lower case without DESK_."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", env_ignore_empty=True)

    demo: bool = False
    secret_key: SecretStr = SecretStr("")
    base_url: str = "http://127.0.0.1:8080"
    live_url: str = ""
    port: int = Field(default=8080, ge=1, le=65535)
    live_port: int = Field(default=8081, ge=1, le=65535)
    web_threads: int = Field(default=8, ge=1, le=64)
    data_dir: Path = ROOT / "var"
    config_dir: Path = ROOT / "config"
    catalog_dir: Path = ROOT / "catalog"
    timezone: str = "America/Sao_Paulo"
    language: str = "en"
    log_level: str = "INFO"
    trusted_proxies: int = Field(default=0, ge=0, le=5)

    database_url: SecretStr = SecretStr("")
    database_pool: int = Field(default=8, ge=1, le=100)

    ldap_url: str = ""
    ldap_vendor: str = "openldap"
    ldap_bind_dn: str = ""
    ldap_bind_password: SecretStr = SecretStr("")
    ldap_people_base: str = ""
    ldap_groups_base: str = ""
    ldap_new_people_base: str = ""
    ldap_people_filter: str = ""
    ldap_mail_domain: str = ""
    ldap_starttls: bool = False
    ldap_allow_clear: bool = False
    ldap_ca_file: str = ""
    ldap_timeout_seconds: float = Field(default=2.0, gt=0, le=30)

    smtp_host: str = ""
    smtp_port: int = Field(default=25, ge=1, le=65535)
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_starttls: bool = False
    mail_from: str = "Balcão <desk@localhost>"
    mail_hold_seconds: int = Field(default=0, ge=0, le=3600)

    webhook_secret: SecretStr = SecretStr("")
    outbound_hosts: str = ""
    outbound_inside: str = ""

    prefect_api_url: str = "http://127.0.0.1:4200/api"
    prefect_auth_string: SecretStr = SecretStr("")
    work_pool: str = "desk"
    worker_limit: int = Field(default=8, ge=1, le=200)

    session_idle_minutes: int = Field(default=480, ge=5)
    session_absolute_hours: int = Field(default=24, ge=1)
    attachment_limit_mb: int = Field(default=25, ge=1, le=1024)
    approvals_fallback_team: str = "service-desk"
    approval_due: str = "2d"
    checks_after: str = "1h,24h"
    access_reminder_days: int = Field(default=14, ge=0, le=365)
    recertify_unanswered: str = "keep"
    calendar: str = "business"

    @field_validator("ldap_vendor")
    @classmethod
    def _known_vendor(cls, value: str) -> str:
        if value not in {"openldap", "active-directory"}:
            raise ValueError("allowed: openldap, active-directory")
        return value

    @field_validator("recertify_unanswered")
    @classmethod
    def _known_unanswered(cls, value: str) -> str:
        if value not in set(Unanswered):
            raise ValueError("allowed: keep, revoke")
        return value

    @property
    def secure(self) -> bool:
        """Is the desk served over https, with everything that asks for?"""
        return self.base_url.startswith("https://")

    @property
    def host(self) -> str:
        """The host and port that links carry and requests must name."""
        return urlsplit(self.base_url).netloc

    @property
    def live_address(self) -> str:
        """Where browsers reach the live streams: `live_url`, else the desk's own name with `live_port`."""
        if self.live_url:
            return self.live_url.rstrip("/")
        base = urlsplit(self.base_url)
        return f"{base.scheme}://{base.netloc.rpartition('@')[2].removesuffix(f':{base.port}')}:{self.live_port}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, SecretFiles(settings_cls), env_settings, DefaultFile(settings_cls)


@cache
def settings() -> Settings:
    """Return the settings of this process, read once; tests clear them with `settings.cache_clear()`."""
    try:
        return Settings()
    except ValidationError as error:
        raise WrongSettings(error, Settings.model_fields) from None


@cache
def matrix() -> permissions.Matrix:
    """Return the permission matrix of config/roles.toml; a wrong file stops the start with its reason."""
    file = settings().config_dir / "roles.toml"
    return permissions.parse(tomllib.loads(file.read_text("utf-8")))
