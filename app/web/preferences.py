"""How the reader wants the desk: language, theme, density, rail, shortcuts. Kept with the person and in a cookie."""

from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from babel import Locale
from flask import Flask, g, request
from flask_babel import Babel
from markupsafe import Markup

from app.language import FOLDER, translations
from app.rules.words import LANGUAGES
from app.settings import settings
from app.web.current import current_person

LOCALES: Final = {"en": "en", "pt": "pt_BR"}
TAGS: Final = {"en": "en", "pt": "pt-BR"}
NAMES: Final = {"en": "English", "pt": "Português"}
CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "language": LANGUAGES,
    "theme": ("system", "light", "dark"),
    "density": ("comfortable", "compact"),
    "rail": ("wide", "narrow"),
    "shortcuts": ("on", "off"),
}
Preference = Literal["language", "theme", "density", "rail", "shortcuts"]
babel = Babel()


def init_app(app: Flask) -> None:
    """Set up translation and let templates ask for a preference."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(FOLDER)
    app.config["BABEL_DEFAULT_LOCALE"] = "en"
    babel.init_app(app, locale_selector=lambda: LOCALES[current_language()], timezone_selector=lambda: str(zone()))
    app.jinja_env.globals.update(_=sentence, gettext=sentence)  # Flask-Babel's looks for the locale at each word: 23 µs
    app.jinja_env.globals.update(preference=preference, current_language=current_language, language_tag=language_tag, LANGUAGE_NAMES=NAMES)


def cookie(name: str) -> str:
    """Return the cookie's name for a preference."""
    return f"desk_{name}"


def preference(name: Preference) -> str:
    """Return what the reader chose: as a person, else in the cookie, else the first choice."""
    of_person = getattr(current_person(), name, None)
    chosen = of_person or request.cookies.get(cookie(name))
    return chosen if chosen in CHOICES[name] else CHOICES[name][0]


def current_language() -> str:
    """Return the reader's language: of the person, of the cookie, of the browser, of the house."""
    if "language" not in g:
        person = current_person()
        chosen = (person and person.language) or request.cookies.get(cookie("language"))
        if chosen not in LANGUAGES:
            tag = request.accept_languages.best_match([*TAGS.values(), *LANGUAGES])
            chosen = Locale.parse(tag, sep="-").language if tag else settings().language
        g.language = chosen if chosen in LANGUAGES else LANGUAGES[0]
    return str(g.language)


def sentence(text: str, **values: object) -> Markup:
    """Return what a template says, in the reader's language; values are escaped."""
    return _sentence(current_language(), text) % values


@lru_cache(8192)
def _sentence(language: str, text: str) -> Markup:
    return Markup(translations(language).gettext(text))  # noqa: S704  our own words; the templates escape in them what is not


def language_tag() -> str:
    """Return the BCP 47 tag of the page."""
    return TAGS[current_language()]


def zone() -> ZoneInfo:
    """Return the reader's time zone."""
    person = current_person()
    return ZoneInfo((person and person.timezone) or settings().timezone)
