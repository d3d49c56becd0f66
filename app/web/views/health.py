"""What the machinery around us asks: alive, ready, which version."""

import urllib.request
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

from alembic.script import ScriptDirectory
from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app import database
from app.rules.errors import DeskError
from app.settings import ROOT, settings
from app.web.permission import public
from app.web.remembered import Remembered

bp = Blueprint("health", __name__)
LAG_LIMIT_SECONDS: Final = 60
ENGINE_TIMEOUT: Final = 1.0

Check = dict[str, object]


def _ask_engine() -> bool:
    request = urllib.request.Request(f"{settings().prefect_api_url.rstrip('/')}/ready")  # noqa: S310  the operator's own address
    secret = settings().prefect_auth_string.get_secret_value()
    if secret:
        from base64 import b64encode

        request.add_header("Authorization", "Basic " + b64encode(secret.encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=ENGINE_TIMEOUT) as answer:  # noqa: S310  see above
            return bool(answer.status == 200)
    except OSError:
        return False


engine_readiness = Remembered(_ask_engine, good=bool)


@bp.get("/livez")
@public
def livez() -> Response:
    """Answer that the process runs; asks nobody."""
    return jsonify(status="ok")


@bp.get("/readyz")
@public
def readyz() -> tuple[Response, int]:
    """Answer whether pages can be served and work goes on; each check with its reason."""
    checks: dict[str, Check] = {**_database_checks(), "engine": _engine_check()}
    ready = all(check["status"] == "ok" for check in checks.values())
    return jsonify(status="ok" if ready else "unavailable", checks=checks), 200 if ready else 503


@bp.get("/version")
@public
def shown_version() -> Response:
    """Answer which version runs."""
    return jsonify(name="balcao", version=version("balcao"))


@cache
def newest_migration() -> str | None:
    """Return the revision that the code expects."""
    return ScriptDirectory(str(Path(ROOT) / "migrations")).get_current_head()


def _database_checks() -> dict[str, Check]:
    try:
        with database.engine().connect() as connection:
            at = connection.execute(text("select version_num from alembic_version")).scalar()
            lag = connection.execute(
                text("select coalesce(extract(epoch from max(desk_now() - next_at)), 0) from deliveries where state = 'due' and next_at <= desk_now()")
            ).scalar_one()
    except (SQLAlchemyError, DeskError) as error:
        down: Check = {"status": "fail", "reason": type(error).__name__}
        return {"database": down, "migrations": down, "events": down}
    expected = newest_migration()
    late = float(lag) > LAG_LIMIT_SECONDS
    return {
        "database": {"status": "ok"},
        "migrations": {"status": "ok" if at == expected else "fail", "at": at, "expected": expected},
        "events": {"status": "fail" if late else "ok", "lag_seconds": round(float(lag), 1)},
    }


def _engine_check() -> Check:
    ready = engine_readiness.now()
    return {"status": "ok"} if ready else {"status": "fail", "reason": "not asked yet" if ready is None else "no answer from Prefect"}
