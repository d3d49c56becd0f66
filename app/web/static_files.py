"""Static files under names that carry their content's hash, so that browsers may keep them for ever.

The style sheets are joined into one `desk.css` and our scripts into one `desk.js`, in memory: the source files stay small,
the browser asks twice.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Flask, Response, abort, request, send_from_directory, url_for

from app.web.permission import public

FOLDER = Path(__file__).parent / "static"
FOREVER = 365 * 24 * 3600
# Bootstrap's foundation is the lowest layer; `!important` utilities in it win over everything, as they should.
STYLES = ("tokens", "base", "controls", "forms", "data", "surfaces", "progress", "frame", "print")
SCRIPTS = ("menus", "toasts", "forms", "search", "shortcuts", "palette", "paper")


def init_app(app: Flask) -> None:
    """Serve /static and give templates `static_url(path)`."""
    app.add_url_rule("/static/<path:name>", "static", _static)
    app.jinja_env.globals["static_url"] = static_url


@cache
def styles() -> str:
    """Return all style sheets as one, each in its cascade layer."""
    bootstrap = (FOLDER / "vendor" / "bootstrap.css").read_text("utf-8").lstrip("\ufeff")
    own = "\n".join((FOLDER / "css" / f"{name}.css").read_text("utf-8") for name in STYLES)
    return f"@layer bootstrap, desk;\n@layer bootstrap {{\n{bootstrap}\n}}\n@layer desk {{\n{own}\n}}\n"


@cache
def scripts() -> str:
    """Return our scripts as one; each file is a closed function."""
    return "\n".join((FOLDER / "js" / f"{name}.js").read_text("utf-8") for name in SCRIPTS)


JOINED = {"desk.css": (styles, "text/css"), "desk.js": (scripts, "text/javascript")}


@cache
def content_hash(name: str) -> str:
    """Return a short hash of a static file's content."""
    content = JOINED[name][0]().encode() if name in JOINED else (FOLDER / name).read_bytes()
    return sha256(content).hexdigest()[:12]


def static_url(name: str) -> str:
    """Return the address of a static file, with its hash: `vendor/icons.svg` → `/static/vendor/icons.svg?v=…`."""
    return url_for("static", name=name, v=content_hash(name))


@public
def _static(name: str) -> Response:
    if name in JOINED:
        content, kind = JOINED[name]
        response = Response(content(), mimetype=kind)
        response.set_etag(content_hash(name))
        response = response.make_conditional(request)
    elif name.endswith((".toml", ".scss")):
        abort(404)
    else:
        response = send_from_directory(FOLDER, name, etag=True)
    known = request.args.get("v") == content_hash(name)
    response.headers["Cache-Control"] = f"public, max-age={FOREVER}, immutable" if known else "public, no-cache"
    return response
