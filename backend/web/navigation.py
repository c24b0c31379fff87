"""Which pages the header offers to whom."""

from collections.abc import Iterator

from flask import Flask, current_app
from flask_login import current_user

from backend.store.accounts import Role
from backend.web.terms import word
from backend.web.words import gettext

PAGES: tuple[tuple[str, str, tuple[Role, ...]], ...] = (
    ("reader.show", word("My readings"), ("reader",)),
    ("adjudication.index", word("Cases"), ("physician",)),
    ("home.show", word("Loop"), ("engineer",)),
    ("data.show", word("Data"), ("engineer",)),
    ("agreement.index", word("Agreement"), ("physician", "engineer")),
    ("worklists.index", word("Worklists"), ("physician",)),
    ("runs.index", word("Runs"), ("engineer",)),
    ("models.index", word("Models"), ("engineer",)),
    ("accounts.index", word("Accounts"), ()),
)
"""Endpoint, words, and who may open it besides administrators."""


def teach(app: Flask) -> None:
    app.jinja_env.globals["pages_in_reach"] = in_reach


def in_reach() -> Iterator[tuple[str, str]]:
    """Endpoint and words of the pages that the person who is logged in may open."""
    for endpoint, words, roles in PAGES:
        if endpoint in current_app.view_functions and current_user.may(*roles):
            yield endpoint, gettext(words)
