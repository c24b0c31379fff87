"""The form in which an engineer asks for a run: what it offers, what was filled in, what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from backend.datasets.freeze import versions
from backend.errors import InputError, ScintiloopError
from backend.jobs.steps.choices import ENCODERS, RECIPES, problems
from backend.jobs.steps.starts import PACKAGE, encoder_of
from backend.jobs.steps.starts import offered as offered_starts
from backend.model.day_one import day_one_names
from backend.model.packaged import packaged_names
from backend.promotion.registry import champion
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import ModelVersion
from backend.web.words import gettext as _
from backend.web.words import said

FIELDS = ("recipe", "start", "encoder", "steps", "dataset")


@dataclass(frozen=True)
class Filled:
    """`values` as they were typed, `options` as a run takes them (empty fields left out), `problems` by field."""

    values: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def offers(settings: Settings) -> dict[str, Any]:
    """Choices by field: `champion` and `models` with their encoders, `day_one` encoders, `packages`, `datasets`."""
    with open_session(settings) as session:
        serving = champion(session)
        models = session.scalars(select(ModelVersion).order_by(ModelVersion.created.desc())).all()
    return {
        "recipes": RECIPES,
        "encoders": ENCODERS,
        "champion": _model(serving) if serving else None,
        "models": [_model(one) for one in models if serving is None or one.id != serving.id],
        "day_one": day_one_names(),
        "packages": [PACKAGE + name for name in packaged_names()],
        "datasets": versions(settings),
    }


def filled(settings: Settings, form: Mapping[str, str]) -> Filled:
    """The form as it came in, each field checked."""
    values = {name: form.get(name, "").strip() for name in FIELDS}
    options: dict[str, Any] = {name: value for name, value in values.items() if value}
    wrong: dict[str, str] = {}
    if "steps" in options:
        try:
            options["steps"] = int(options["steps"])
        except ValueError:
            wrong["steps"] = _("is %(value)s; give a whole number", value=options.pop("steps"))
    if options.get("start") not in (None, *offered_starts(settings)):
        wrong["start"] = _("is %(value)s; choose one of the list", value=options.pop("start"))
    wrong |= {name: sentence(error) for name, error in problems(settings, options).items()}
    return Filled(values, options, wrong)


def sentence(error: ScintiloopError) -> str:
    """The error in words that stand beside its field."""
    return said(error.message if isinstance(error, InputError) else error)


def _model(model: ModelVersion) -> dict[str, Any]:
    return {"id": model.id, "encoder": encoder_of(model), "created": model.created.isoformat()}
