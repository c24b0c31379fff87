"""The words of the pages in the language of whoever looks at them.

English sentences are the keys; a percent sign in one is written twice. The Chinese ones lie in `translations/`, as
text, and are read once per process. `scripts/words` collects what is said.
"""

import gettext as catalogues
import io
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, g, has_request_context, request, session
from flask_login import current_user
from jinja2 import pass_context
from jinja2.runtime import Context

from backend.errors import InputError
from backend.sentences import Sentence
from backend.web.terms import TERMS

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
OWN_NAMES: dict[Language, str] = {"en": "English", "zh": "中文"}
MARKUP: dict[Language, str] = {"en": "en", "zh": "zh-Hans"}
"""What `<html lang>` says."""

FILES = Path(__file__).parent / "translations"


def teach(app: Flask) -> None:
    """Gives the templates `_`, `{% trans %}`, the filters `term` and `said`, and the language of the request."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.install_gettext_callables(_plain, _plain_number, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.filters.update(term=_at_each_request(term), said=_at_each_request(said))
    app.jinja_env.globals.update(language=language, language_names=OWN_NAMES, language_markup=MARKUP)


def language() -> Language:
    """The account's choice, else the session's, else what the browser prefers, else English."""
    if not has_request_context():
        return "en"
    if "language" not in g:
        # asking who is logged in may end in a refusal that needs words itself; it finds the browser's wish
        g.language = _preferred()
        g.language = _chosen() or g.language
    found: Language = g.language
    return found


def gettext(message: str, **values: Any) -> str:
    """The sentence in the language of the request, with its `%(names)s` put in."""
    return _plain(message) % values


def ngettext(one: str, many: str, num: int, **values: Any) -> str:
    """As `gettext`, by number; `%(num)s` is the number."""
    return _plain_number(one, many, num) % ({"num": num} | values)


def term(name: str) -> str:
    """A machine's word (a state, a label, a reason) as people say it; one that is not known stays."""
    return _plain(TERMS[name]) if name in TERMS else name


def said(words: str | Exception) -> str:
    """What `say` said, in the language of the request; words of another kind stay as they are."""
    if isinstance(words, InputError):
        return ": ".join(part for part in (words.source, words.field, said(words.message)) if part)
    if isinstance(words, Exception):
        return said(words.args[0]) if words.args and isinstance(words.args[0], str) else str(words)
    if not isinstance(words, Sentence):
        return words
    values = {name: said(value) if isinstance(value, str) else value for name, value in words.values.items()}
    return _plain(words.template).format(**values)


def _at_each_request(words: Callable[[str], str]) -> Callable[[Context, str], str]:
    """As a filter: Jinja would otherwise apply it to a constant once, when it compiles the template."""
    return pass_context(lambda _context, name: words(name))


def _chosen() -> Language | None:
    """A person's own word on it, if it is one of ours."""
    own = getattr(current_user, "language", None) or session.get("language")
    return own if own in LANGUAGES else None


def _preferred() -> Language:
    """The first of ours among what the browser prefers, whatever the region."""
    for tag, quality in request.accept_languages:
        for own in LANGUAGES:
            if quality > 0 and tag.lower().split("-")[0] == own:
                return own
    return "en"


def _plain(message: str) -> str:
    return _catalogue(language()).gettext(message)


def _plain_number(one: str, many: str, num: int) -> str:
    return _catalogue(language()).ngettext(one, many, num)


@cache
def _catalogue(wanted: Language) -> catalogues.NullTranslations:
    if wanted == "en":
        return catalogues.NullTranslations()
    with (FILES / wanted / "LC_MESSAGES" / "messages.po").open("rb") as file:
        words = read_po(file, locale=wanted)
    compiled = io.BytesIO()
    write_mo(compiled, words)
    compiled.seek(0)
    return catalogues.GNUTranslations(compiled)
