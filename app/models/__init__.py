"""Tables: typed columns, no decisions, no queries. Importing this package knows them all."""

from app.models import (
    approvals,
    attachments,
    base,
    catalog,
    changes,
    directory,
    events,
    incidents,
    messages,
    people,
    problems,
    records,
    requests,
    tasks,
)

__all__ = [
    "approvals",
    "attachments",
    "base",
    "catalog",
    "changes",
    "directory",
    "events",
    "incidents",
    "messages",
    "people",
    "problems",
    "records",
    "requests",
    "tasks",
]
