"""Pages, one file per practice; each view parses, calls one service or query, and renders."""

from flask import Flask

from app.settings import settings
from app.web.views import health, portal, preferences, styleguide


def init_app(app: Flask) -> None:
    """Register every page; the style guide belongs to the demonstration and development only."""
    app.register_blueprint(health.bp)
    app.register_blueprint(portal.bp)
    app.register_blueprint(preferences.bp)
    if settings().demo or app.debug:
        app.register_blueprint(styleguide.bp)
