"""`desk bench pages`: a desk full of incidents, and an analyst who looks at queues, records, the search and the palette.

The time is the server's own, from its log, and so is the number of statements; the palette asks what a person would
type, letter by letter.
"""

import json
import random
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select, text

from app import database
from app.models.people import Team
from app.models.records import Record
from app.rules.lifecycle import RecordKind
from app.settings import ROOT
from flows.cli import visiting
from flows.cli.bench_submit import spread
from flows.cli.installation import DESK, Trial, demonstration

LIMIT_MS: Final = 40.0
QUERIES: Final = 12
WARM: Final = 12  # visits of each page before the measured ones: each web process has compiled its templates by then
MADE_UP: Final = 25_000
QUEUES: Final = (
    "show=team&sort=priority", "show=mine", "show=unassigned&sort=priority", "show=open", "show=open&sort=priority,-updated", "show=open&state=on_hold",
    "show=resolved&sort=-updated", "show=all", "show=all&sort=priority", "show=all&sort=-updated",
)  # fmt: skip
WORDS: Final = ("vpn", "printer", "senha", "category 26", "fault", "conexao", "mail server", "zeppelin", "sistema", "inc")
TYPED: Final = ("s", "se", "sen", "senh", "senha", "vp", "vpn", "inc00", "ana", "prin")
MADE: Final = """
    with made as (
      insert into records (kind, number, state, title, priority, requester_id, opened_by_id, team_id, category, opened_at, updated_at, version, restricted)
      select 'incident', 'INC7' || lpad(n::text, 6, '0'), case when n % 25 = 0 then 'new' when n % 40 = 0 then 'resolved' else 'closed' end,
             (array['Printer', 'VPN', 'Senha', 'Mail server', 'Sistema'])[1 + n % 5] || ' fault ' || n, 1 + n % 5, :person, :person, :team, 'software',
             now() - n * interval '1 minute', now() - (n * 7 % 9973) * interval '1 minute', 1, false
      from generate_series(1, :count) n returning id)
    insert into incidents (id, impact, urgency, channel, description, fields, reopen_count, major)
    select id, 2, 2, 'portal', '', '{}', 0, 'none' from made"""


def measure(file: Path | None, mapping: Path, visits: int) -> dict[str, Any]:
    """Fill a desk, open each page so often, and measure."""
    with demonstration() as trial, visiting.signed_in(trial, "bo") as bo:
        replayed = _fill(trial, file, mapping)
        numbers = _numbers()
        pages: dict[str, Sequence[str]] = {
            "queue": [f"/incidents/?{each}" for each in QUEUES], "record": [f"/incidents/{number}" for number in numbers],
            "search": [f"/search?q={words}" for words in WORDS], "palette": [f"/search/suggest?q={words}" for words in TYPED],
        }  # fmt: skip
        found = {name: _visit(trial, bo, addresses, visits) for name, addresses in pages.items()}
    ok = all(page["ms"]["p95"] <= LIMIT_MS and page["queries"] <= QUERIES for page in found.values())
    return {"ok": ok, **replayed, "visits": visits, "pages": found, "allowed_ms": LIMIT_MS, "allowed_queries": QUERIES}


def _fill(trial: Trial, file: Path | None, mapping: Path) -> dict[str, Any]:
    started = time.monotonic()
    if file is not None:
        subprocess.run([*DESK, "replay", str(file.resolve()), "--mapping", str(mapping.resolve())], cwd=ROOT, check=True, capture_output=True)
    else:
        with database.sessions().begin() as session:
            team = session.scalars(select(Team.id).where(Team.key == "service-desk")).one()
            person = session.execute(text("select id from people where login = 'zeca'")).scalar_one()
            session.execute(text(MADE), {"team": team, "person": person, "count": MADE_UP})
    with database.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
        incidents = connection.scalar(text("select count(*) from incidents"))
    return {"log": file.name if file else None, "incidents": incidents, "filled_in_seconds": round(time.monotonic() - started, 1)}


def _numbers(count: int = 40) -> list[str]:
    """Return some incidents, the same ones at every run."""
    with database.sessions()() as session:
        known = session.scalars(select(Record.number).where(Record.kind == RecordKind.INCIDENT).order_by(Record.id)).all()
    return random.Random(4).sample(known, min(count, len(known)))  # noqa: S311  nothing secret


def _visit(trial: Trial, visitor: visiting.Visitor, addresses: Sequence[str], visits: int) -> dict[str, Any]:
    log = trial.folder / "desk" / "log" / "web.log"
    wanted = [addresses[place % len(addresses)] for place in range(visits)]
    for address in [addresses[place % len(addresses)] for place in range(WARM)]:
        visitor.look(address)
    before = log.stat().st_size
    for address in wanted:
        visitor.look(address)
    time.sleep(0.5)  # the last line may still be on its way
    with log.open("rb") as lines:
        lines.seek(before)
        entries = [entry for line in lines.read().splitlines() if (entry := _request(line)) is not None]
    slowest = max(zip(entries, wanted, strict=False), key=lambda each: float(each[0]["milliseconds"]))
    return {
        "ms": spread([float(entry["milliseconds"]) for entry in entries]), "queries": max(int(entry["queries"]) for entry in entries),
        "measured": len(entries), "slowest": slowest[1],
    }  # fmt: skip


def _request(line: bytes) -> Mapping[str, Any] | None:
    entry: dict[str, Any] = json.loads(line) if line.startswith(b"{") else {}
    return entry if entry.get("event") == "web.request" and not str(entry.get("path")).startswith(("/readyz", "/healthz", "/livez")) else None
