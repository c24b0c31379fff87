"""The first page: where the loop stands."""

from typing import Any

from flask import Blueprint, jsonify, render_template

from backend.services import machine
from backend.web.guard import only, settings
from backend.web.standing import standing

pages = Blueprint("home", __name__)


@pages.get("/")
@only()
def show() -> str:
    services = [service.to_json() for service in machine.status(settings())]
    return render_template("home.html", standing=standing(settings()), services=services)


@pages.get("/health")
def health() -> Any:
    return jsonify(status="UP")
