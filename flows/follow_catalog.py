"""Put a changed catalogue into service within seconds: a thread of the relay looks at the folder each two seconds."""

import threading
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from app import logs
from app.catalog import Watch
from app.rules.errors import DeskError
from app.services import catalog
from app.settings import settings
from app.unit_of_work import SYSTEM, unit_of_work

POLL_SECONDS: Final = 2.0

log = logs.logger("catalog")


def follow(stop: threading.Event) -> None:
    """Publish what changed in the catalogue's folder, until stopped. Several at once do no harm."""
    watch = Watch(settings().catalog_dir)
    while not stop.is_set():
        try:
            look(watch)
        except (DeskError, SQLAlchemyError) as error:  # the folder or the database is away: the next look tries again
            log.warning("catalogue not refreshed", reason=type(error).__name__)
        stop.wait(POLL_SECONDS)


def look(watch: Watch) -> None:
    """Refresh once if the folder differs from what is in service."""
    if not watch.has_changed():
        return
    with unit_of_work(SYSTEM) as uow:
        changes = catalog.refresh(uow, watch.folder)
    watch.served()
    if changes:
        log.info(
            "catalogue refreshed",
            published=len(changes.published), faulty=changes.faulty, withdrawn=changes.withdrawn,
        )  # fmt: skip


def start(stop: threading.Event) -> threading.Thread:
    """Follow in a thread of its own."""
    thread = threading.Thread(target=follow, args=(stop,), name="catalog", daemon=True)
    thread.start()
    return thread
