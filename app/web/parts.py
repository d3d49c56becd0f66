"""The parts every page is made of: the macros of templates/ui/*.html, in every template as `ui.<name>`."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from flask import Flask
from jinja2 import Environment

from app.web.preferences import current_language

DRAWN_ONCE: Final = frozenset({"icon", "shape", "state", "priority"})  # they look the same for the same values, in one language


class Parts:
    """Finds a macro by its name among the files of templates/ui, so that pages need no list of imports."""

    def __init__(self, environment: Environment) -> None:
        """Look through the files on first use, once the application is put together."""
        self._environment = environment
        self._files: dict[str, str] = {}

    def __getattr__(self, name: str) -> Any:
        """Return the macro; a reload in development is seen because Jinja decides what is stale."""
        if not self._files:
            self._files = dict(self._find())
        if name not in self._files:
            raise AttributeError(f"no part is called {name!r}; templates/ui has {', '.join(sorted(self._files))}")
        part = getattr(self._environment.get_template(self._files[name]).module, name)
        if not self._environment.auto_reload:
            part = self.__dict__[name] = _drawn_once(part) if name in DRAWN_ONCE else part
        return part

    def _find(self) -> list[tuple[str, str]]:
        files = self._environment.list_templates(filter_func=lambda path: path.startswith("ui/"))
        return [(name, file) for file in files for name in vars(self._environment.get_template(file).module) if name.islower()]


def _drawn_once(part: Callable[..., Any]) -> Callable[..., Any]:
    """A list of fifty has fifty states of five kinds; drawing one takes 40 µs."""

    @lru_cache(4096)
    def draw(language: str, *values: Any, **named: Any) -> Any:
        return part(*values, **named)

    return lambda *values, **named: draw(current_language(), *values, **named)


def init_app(app: Flask) -> None:
    """Give every template `ui`."""
    app.jinja_env.globals["ui"] = Parts(app.jinja_env)
