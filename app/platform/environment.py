"""The environment of each process that `desk up` starts: DESK_* for ours, PREFECT_* for Prefect's server and clients.

What the operator set in the environment stays: a private server is started only for what nobody pointed elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Addresses:
    """Where the private servers listen; None where an outside server was named or none is wanted."""

    base_url: str
    host: str
    port: int
    live_port: int
    prefect_port: int | None
    mail_port: int | None


def is_given(environment: Mapping[str, str], name: str) -> bool:
    """Say whether the operator gave this setting, directly or as a file."""
    return bool(environment.get(f"DESK_{name}") or environment.get(f"DESK_{name}_FILE"))


def desk(given: Mapping[str, str], data: Path, where: Addresses, values: Mapping[str, str]) -> dict[str, str]:
    """Return the whole environment of the desk's own processes; `values` are DESK_ names of private servers."""
    ours = {
        "DATA_DIR": str(data),
        "BASE_URL": where.base_url,
        "PORT": str(where.port),
        "LIVE_PORT": str(where.live_port),
        **values,
    }
    if where.prefect_port is not None:
        ours["PREFECT_API_URL"] = f"http://127.0.0.1:{where.prefect_port}/api"
    if where.mail_port is not None:
        ours |= {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(where.mail_port)}
    kept = {f"DESK_{name}": value for name, value in ours.items() if not is_given(given, name)}
    return {**given, **kept, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}


def prefect_server(given: Mapping[str, str], data: Path, port: int, auth: str, database_url: str) -> dict[str, str]:
    """Return the whole environment of Prefect's server: own database (asyncpg), loopback, a password, no news sent home.

    Which setting and why: faults.md, "Settings file to ship"; each value was tried with Prefect 3.8.8.
    """
    address = f"http://127.0.0.1:{port}"
    return {
        **{name: value for name, value in given.items() if not name.startswith("DESK_")},
        **prefect(data),
        "PREFECT_API_URL": f"{address}/api",
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_API_AUTH_STRING": auth,
        "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": address,
        "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
        "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",        # a second of each start, for what the desk never uses
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": database_url,
        "PREFECT_SERVER_DATABASE_MIGRATION_TIMEOUT": "600",
        "PREFECT_SERVER_DATABASE_TIMEOUT": "30",
        "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P1D",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": "P30D",
        # Nothing of the desk's is for these, and each of them looks at every event or every few seconds: the relay keeps the
        # clock, the ledger keeps the steps, a wait is a row, and nobody made an automation.
        "PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_PAUSE_EXPIRATIONS_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    }


def prefect(data: Path) -> dict[str, str]:
    """Return what both sides of Prefect need; a client takes address and password from DESK_PREFECT_* (flows)."""
    return {
        "PREFECT_HOME": str(data / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",         # never a silent server of its own
        "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",           # never pickle what came from outside
        "PREFECT_CLIENT_MAX_RETRIES": "6",                      # a restart of the server is a matter of seconds
        "PREFECT_LOGGING_COLORS": "false",
        "PREFECT_CLI_COLORS": "false",
        "DO_NOT_TRACK": "1",
    }
