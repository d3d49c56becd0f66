"""What every answer says to the browser about safety, and which host names are ours."""

from secrets import token_urlsafe
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, request

from app.settings import settings
from app.web.current import current_person

# Probes ask by the address of the machine: these paths link nowhere and answer under any name.
PROBES = frozenset({"/livez", "/readyz", "/version"})
PERMISSIONS = "accelerometer=(), camera=(self), display-capture=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=(), browsing-topics=()"
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def init_app(app: Flask) -> None:
    """Refuse foreign host names and put the headers on every answer, also on errors."""
    app.before_request(_refuse_foreign_host)
    app.after_request(_protect)
    app.jinja_env.globals["csp_nonce"] = nonce
    app.jinja_env.globals["live_address"] = settings().live_address


def nonce() -> str:
    """Return the nonce of this answer's scripts."""
    if "csp_nonce" not in g:
        g.csp_nonce = token_urlsafe(16)
    return str(g.csp_nonce)


def _refuse_foreign_host() -> None:
    if request.path not in PROBES and _name(request.host, request.scheme) != _name(settings().host, _scheme()):
        abort(400)


def _scheme() -> str:
    return "https" if settings().secure else "http"


def _name(host: str, scheme: str) -> str:
    return host.lower().removesuffix(":443" if scheme == "https" else ":80")


def policy() -> str:
    """Return the Content-Security-Policy of this answer."""
    live = urlsplit(settings().live_address)
    connect = f"'self' {live.scheme}://{live.netloc}"
    return (
        f"default-src 'self'; script-src 'self' 'nonce-{nonce()}'; style-src 'self'; connect-src {connect}; img-src 'self' data:; "
        "object-src 'none'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
    )


def _protect(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", policy())  # a file's own is stricter
    for name, value in FIXED.items():
        response.headers[name] = value
    if settings().secure:
        response.headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store" if current_person() else "private, no-cache"
    return response
