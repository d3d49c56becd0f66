"""The parts every page is made of: the macros of templates/ui/*.html, in every template as `ui.<name>`."""

from typing import Any

from flask import Flask
from jinja2 import Environment


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
        return getattr(self._environment.get_template(self._files[name]).module, name)

    def _find(self) -> list[tuple[str, str]]:
        files = self._environment.list_templates(filter_func=lambda path: path.startswith("ui/"))
        return [(name, file) for file in files for name in vars(self._environment.get_template(file).module) if name.islower()]


def init_app(app: Flask) -> None:
    """Give every template `ui`."""
    app.jinja_env.globals["ui"] = Parts(app.jinja_env)
