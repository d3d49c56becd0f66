"""Static files under names that carry their content's hash, so that browsers may keep them for ever.

The style sheets are joined into one `desk.css` and our scripts into one `desk.js`, in memory: the source files stay small,
the browser asks twice.
"""

import re
from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Flask, Response, abort, current_app, request, url_for
from werkzeug.security import safe_join

from app.web.permission import public

FOLDER = Path(__file__).parent / "static"
BOOTSTRAP = FOLDER / "vendor" / "bootstrap.css"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png", ".txt": "text/plain"}
FOREVER = 365 * 24 * 3600
# Bootstrap's foundation is the lowest layer; `!important` utilities in it win over everything, as they should.
STYLES = ("tokens", "base", "controls", "forms", "data", "surfaces", "progress", "conversation", "queue", "kpis", "account", "frame", "print")
SCRIPTS = ("menus", "toasts", "forms", "search", "shortcuts", "conversation", "markdown", "palette", "paper", "live", "queue", "presence", "charts")


def init_app(app: Flask) -> None:
    """Serve /static and give templates `static_url(path)`."""
    app.add_url_rule("/static/<path:name>", "static", _static)
    app.jinja_env.globals.update(static_url=static_url, has_icon=has_icon)


def content(name: str) -> bytes | None:
    """Return a static file's content, or None where there is no such file to serve."""
    return _read(name, max(path.stat().st_mtime_ns for path in _sources(name))) if current_app.debug else _read(name, 0)


def _sources(name: str) -> list[Path]:
    """Return the files that make up what is served as `name`."""
    if name == "desk.css":
        return [BOOTSTRAP, *(FOLDER / "css" / f"{part}.css" for part in STYLES)]
    if name == "desk.js":
        return [FOLDER / "js" / f"{part}.js" for part in SCRIPTS]
    path = Path(safe_join(str(FOLDER), name) or FOLDER)
    return [path if path.is_file() and path.suffix in TYPES else FOLDER]


@cache
def _read(name: str, changed: int) -> bytes | None:
    """Read once per process; in development `changed` differs when a file does."""
    sources = _sources(name)
    if sources == [FOLDER]:
        return None
    if name == "desk.css":
        bootstrap, *own = [path.read_text("utf-8").lstrip("\ufeff") for path in sources]
        return f"@layer bootstrap, desk;\n@layer bootstrap {{\n{bootstrap}\n}}\n@layer desk {{\n{chr(10).join(own)}\n}}\n".encode()
    return b"\n".join(path.read_bytes() for path in sources)


def content_hash(name: str) -> str:
    """Return a short hash of a static file's content."""
    found = content(name)
    if found is None:
        raise FileNotFoundError(f"static/{name}")
    return _hash(found)


@cache
def _hash(found: bytes) -> str:
    return sha256(found).hexdigest()[:12]


def static_url(name: str) -> str:
    """Return the address of a static file, with its hash: `vendor/icons.svg` → `/static/vendor/icons.svg?v=…`."""
    return url_for("static", name=name, v=content_hash(name)) if current_app.debug else _address(name, request.script_root)


@cache
def _address(name: str, _root: str) -> str:
    """A page names the same file for each of its icons."""
    return url_for("static", name=name, v=content_hash(name))


@cache
def _icons() -> frozenset[str]:
    return frozenset(re.findall(r'<symbol id="([^"]+)"', (FOLDER / "vendor" / "icons.svg").read_text("utf-8")))


def has_icon(name: str) -> bool:
    """Answer whether the sprite has this icon: the catalogue may name any of Bootstrap's."""
    return name in _icons()


@public
def _static(name: str) -> Response:
    found = content(name)
    if found is None:
        abort(404)
    response = Response(found, mimetype=TYPES[Path(name).suffix])
    response.set_etag(_hash(found))
    known = request.args.get("v") == _hash(found)
    response.headers["Cache-Control"] = f"public, max-age={FOREVER}, immutable" if known else "public, no-cache"
    response.make_conditional(request)
    return response
