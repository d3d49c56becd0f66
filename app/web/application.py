"""The web application: put together once per process, from the settings alone."""

from pathlib import Path

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from app import language
from app.settings import settings
from app.web import (
    clock_words,
    errors,
    kpi_page,
    markdown,
    navigation,
    parts,
    preferences,
    request_id,
    security_headers,
    shown,
    signin,
    static_files,
    views,
)

csrf = CSRFProtect()
MEGABYTE = 1024 * 1024


def create_app() -> Flask:
    """Return the application; `desk web` and the tests both call this."""
    config = settings()
    language.compile_catalogues()
    app = Flask("app.web", root_path=str(Path(__file__).parent), static_folder=None)
    app.config.update(
        SECRET_KEY=config.secret_key.get_secret_value() or None,
        MAX_CONTENT_LENGTH=(config.attachment_limit_mb + 1) * MEGABYTE,
        MAX_FORM_MEMORY_SIZE=2 * MEGABYTE,
        MAX_FORM_PARTS=500,
        PREFERRED_URL_SCHEME="https" if config.secure else "http",
        SESSION_COOKIE_NAME="__Host-desk" if config.secure else "desk",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.secure,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form left open over lunch must still send
        WTF_CSRF_SSL_STRICT=False,  # the token and SameSite do the work; a stripped Referer must not lock anybody out
    )
    if config.trusted_proxies:
        proxies = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)  # type: ignore[method-assign]  # Flask's documented way to wrap
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    request_id.init_app(app)
    security_headers.init_app(app)
    signin.init_app(app)
    csrf.init_app(app)
    static_files.init_app(app)
    preferences.init_app(app)
    shown.init_app(app)
    clock_words.init_app(app)
    kpi_page.init_app(app)
    markdown.init_app(app)
    parts.init_app(app)
    navigation.init_app(app)
    errors.init_app(app)
    views.init_app(app)
    return app
