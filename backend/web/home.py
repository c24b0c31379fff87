"""The first page: each role's own, and where the loop stands for those who run it."""

from typing import Any

from flask import Blueprint, current_app, jsonify, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from backend.services import machine
from backend.store.accounts import ROLES, Role
from backend.web.guard import only, settings
from backend.web.standing import standing

pages = Blueprint("home", __name__)

FIRST_PAGES: dict[Role, str] = {"reader": "reader.show", "physician": "adjudication.index"}
"""Of the roles for whom the loop is not the page they come for."""


@pages.get("/")
@only(*ROLES)
def show() -> str | Response:
    first = FIRST_PAGES.get(current_user.role)
    if first in current_app.view_functions:
        return redirect(url_for(first))
    services = [service.to_json() for service in machine.status(settings())]
    return render_template("home.html", standing=standing(settings()), services=services)


@pages.get("/health")
def health() -> Any:
    return jsonify(status="UP")
