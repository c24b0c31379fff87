"""What may be asked of a run, and what is wrong with a wish: one error for each field. Loads no network."""

from collections.abc import Callable, Mapping
from typing import Any

from backend.datasets.freeze import find
from backend.errors import InputError, NotFound, ScintiloopError
from backend.jobs.steps.starts import start_encoders
from backend.sentences import say
from backend.settings import Settings

RECIPES = ("default", "study")
ENCODERS = ("resnet34", "resnet18", "timm-tf_efficientnet_lite0")
"""The names of `model.networks.ENCODERS`, for pages, which must not load the networks."""
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


def _check_recipe(_: Settings, options: Options) -> None:
    _one_of("recipe", options.get("recipe"), RECIPES)


def _one_of(field: str, value: object, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        raise InputError(say("is {value!r}; choose one of {known}", value=value, known=", ".join(known)), field=field)


def _check_start(settings: Settings, options: Options) -> None:
    start_encoders(settings, options.get("start"))


def _check_encoder(settings: Settings, options: Options) -> None:
    encoder = options.get("encoder")
    if encoder is None:
        _one_of("SCINTILOOP_ENCODER", settings.encoder, ENCODERS)
        return
    _one_of("encoder", encoder, ENCODERS)
    try:
        fitting = start_encoders(settings, options.get("start"))
    except (InputError, NotFound):
        return  # said of the start
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
