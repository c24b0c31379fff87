"""What may be asked of a run, and what is wrong with a wish: one error for each field. Loads no network."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from backend.datasets.freeze import find
from backend.errors import InputError, NotFound, ScintiloopError
from backend.model.day_one import day_one_names
from backend.promotion.registry import champion
from backend.sentences import say
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import ModelVersion

RECIPES = ("default", "study")
ENCODERS = ("resnet34", "resnet18", "timm-tf_efficientnet_lite0", "tu-resnet10t")
"""The names of `model.networks.ENCODERS`, for pages, which must not load the networks."""
DAY_ONE = "day-one"
STARTS = ("champion", "scratch", DAY_ONE)
"""Besides these a run may start from a model version or, on the command line, from a file."""
MOST_STEPS = 1_000_000

Options = Mapping[str, Any]


def problems(settings: Settings, options: Options) -> dict[str, ScintiloopError]:
    """What is wrong with these options, by field; empty where a run can be queued with them. None is not chosen."""
    checks: dict[str, Callable[[Settings, Options], None]] = {
        "recipe": _check_recipe,
        "start": _check_start,
        "encoder": _check_encoder,
        "steps": _check_steps,
        "dataset": _check_dataset,
    }
    found: dict[str, ScintiloopError] = {}
    for field, check in checks.items():
        try:
            check(settings, options)
        except ScintiloopError as error:
            found[field] = error
    return found


def encoder_of(model: ModelVersion) -> str:
    return str(model.card.get("architecture", {}).get("encoder"))


def start_model(session: Session, start: str | None) -> ModelVersion | None:
    """The model version that `start` names, the champion's for `champion`; None for another start."""
    if start == "champion":
        return champion(session)
    return session.get(ModelVersion, start) if start else None


def _check_recipe(_: Settings, options: Options) -> None:
    _one_of("recipe", options.get("recipe"), RECIPES)


def _one_of(field: str, value: object, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        raise InputError(say("is {value!r}; choose one of {known}", value=value, known=", ".join(known)), field=field)


def _check_start(settings: Settings, options: Options) -> None:
    start = options.get("start")
    if start == DAY_ONE and not day_one_names():
        raise NotFound(say("no day-one model comes with this installation; start from scratch"))
    if start is None or start in ("scratch", DAY_ONE):
        return
    with open_session(settings) as session:
        found = start_model(session, start)
    if found is None and start == "champion":
        raise NotFound(say("there is no champion to start from; start from scratch"))
    if found is None and not Path(start).is_file():
        problem = say(
            "is {start!r}, neither {words} nor a model version nor a file", start=start, words=", ".join(STARTS)
        )
        raise InputError(problem, field="start")


def _check_encoder(settings: Settings, options: Options) -> None:
    encoder, start = options.get("encoder"), options.get("start")
    if encoder is None:
        return
    _one_of("encoder", encoder, ENCODERS)
    with open_session(settings) as session:
        model = start_model(session, start)
    fitting = day_one_names() if start == DAY_ONE else (encoder_of(model),) if model else ()
    if fitting and encoder not in fitting:
        others = ", ".join(fitting)
        raise InputError(
            say(
                "is {encoder}, but the start has {others}; choose that or start from scratch",
                encoder=encoder,
                others=others,
            ),
            field="encoder",
        )


def _check_steps(_: Settings, options: Options) -> None:
    steps = options.get("steps")
    if steps is None:
        return
    if steps < 1:
        raise InputError(say("is {steps}; choose at least 1", steps=steps), field="steps")
    if steps > MOST_STEPS:
        raise InputError(say("is {steps}; choose at most {most}", steps=steps, most=MOST_STEPS), field="steps")


def _check_dataset(settings: Settings, options: Options) -> None:
    if dataset := options.get("dataset"):
        find(settings, dataset)
