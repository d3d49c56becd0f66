"""What a request says, as the words of the incident that it really is."""

from typing import Any

from app.models.requests import Request
from app.queries import catalog, requests
from app.unit_of_work import UnitOfWork
from app.web.answers import shown
from app.web.preferences import current_language


def from_request(uow: UnitOfWork, number: str) -> tuple[Request, dict[str, Any]]:
    """Return a request the actor may convert, and what its call form is filled with: caller, title, and all that was said on it."""
    request = uow.get(Request, number, lock=False)
    uow.check("request.convert", request)
    whole = requests.whole(uow.session, uow.actor, number)
    offers = catalog.versions(uow.session, [item.catalog_hash for item in request.items])
    parts = []
    for item in request.items:
        rows = shown(uow.session, offers[item.catalog_hash], item.answers)
        lines = [f"- **{row.label.rstrip(':')}** {' / '.join(row.lines)}" for row in rows]
        parts.append("\n".join((_titled(item), "", *lines)) if len(request.items) > 1 else "\n".join(lines))
    own = {request.requester_id, request.beneficiary_id}
    parts += ["\n".join(f"> {line}" for line in note.body.splitlines()) for note in whole.notes if note.author_id in own]
    return request, {
        "caller": request.requester.login if request.requester else "", "title": _titled(request)[:200], "channel": "portal", "origin": number,
        "description": "\n\n".join(filter(None, parts)),
    }  # fmt: skip


def _titled(record: Any) -> str:
    return str((record.title_pt if current_language() == "pt" else None) or record.title)
