"""Pages, one file per practice; each view parses, calls one service or query, and renders."""

from flask import Flask

from app.settings import settings
from app.web.views import approvals, catalog, health, portal, preferences, records, requests, styleguide, tasks


def init_app(app: Flask) -> None:
    """Register every page; the style guide belongs to the demonstration and development only."""
    for module in (health, preferences, portal, catalog, requests, approvals, tasks, records):
        app.register_blueprint(module.bp)
    if settings().demo or app.debug:
        app.register_blueprint(styleguide.bp)
