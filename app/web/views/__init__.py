"""Pages, one file per practice; each view parses, calls one service or query, and renders."""

from flask import Flask

from app.settings import settings
from app.web.views import (
    access,
    approvals,
    assets,
    attachments,
    bulk,
    calendars,
    calls,
    cart,
    catalog,
    catalog_health,
    clocks,
    closure,
    confirmations,
    conversions,
    decisions,
    delegations,
    dev_mail,
    directory,
    fulfilment,
    health,
    inbox,
    incident_parts,
    incidents,
    kpis,
    majors,
    people,
    portal,
    preferences,
    quality,
    queues,
    recertification,
    records,
    reports,
    requests,
    revisions,
    roles,
    stuck,
    styleguide,
    surveys,
    tasks,
    teams,
    work_time,
)

EVERYWHERE = (
    access,
    approvals,
    assets,
    attachments,
    bulk,
    calendars,
    calls,
    cart,
    catalog,
    catalog_health,
    clocks,
    closure,
    confirmations,
    conversions,
    decisions,
    delegations,
    directory,
    fulfilment,
    health,
    incident_parts,
    inbox,
    incidents,
    kpis,
    majors,
    people,
    portal,
    preferences,
    quality,
    queues,
    recertification,
    records,
    reports,
    requests,
    revisions,
    roles,
    stuck,
    surveys,
    tasks,
    teams,
    work_time,
)


def init_app(app: Flask) -> None:
    """Register every page; the style guide and the mail sink belong to the demonstration and development only."""
    for module in EVERYWHERE:
        app.register_blueprint(module.bp)
    if settings().demo:
        app.register_blueprint(dev_mail.bp)
    if settings().demo or app.debug:
        app.register_blueprint(styleguide.bp)
