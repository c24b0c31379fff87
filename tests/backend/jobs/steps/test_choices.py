"""What may be asked of a run is refused by field before anything is queued."""

import pytest

from backend.errors import ScintiloopError
from backend.jobs.steps import choices
from backend.jobs.steps.starts import DAY_ONE
from backend.model.day_one import day_one_names
from backend.model.networks import ENCODERS
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import ChampionChange, DatasetVersion, ModelVersion
from backend.training.recipe import RECIPES

SERVING = "a" * 12


@pytest.fixture
def champion(settings: Settings) -> Settings:
    """A home whose champion has the encoder resnet18."""
    card = {"architecture": {"encoder": "resnet18"}}
    with open_session(settings) as session:
        session.add(DatasetVersion(id="d" * 64, manifest={"members": []}))
        session.add(ModelVersion(id=SERVING, weights_sha256="0" * 64, card=card, code_version="1"))
        session.flush()
        session.add(ChampionChange(model_id=SERVING, action="promote", by="scintiloop"))
    return settings


def test_the_pages_offer_the_encoders_and_recipes_that_there_are() -> None:
    assert set(ENCODERS) == set(choices.ENCODERS)
    assert set(RECIPES) == set(choices.RECIPES)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"recipe": "study", "start": "scratch", "encoder": "resnet34", "steps": 1, "dataset": "dd"},
        {"recipe": "default", "start": "champion", "encoder": "resnet18"},
        {"start": SERVING, "steps": choices.MOST_STEPS},
    ],
    ids=["nothing", "everything", "the champion", "a version"],
)
def test_what_can_be_asked(champion: Settings, options: dict[str, object]) -> None:
    assert choices.problems(champion, options) == {}


@pytest.mark.parametrize(
    ("options", "field", "words"),
    [
        ({"recipe": "secret"}, "recipe", "'secret'; choose one of default, study"),
        ({"encoder": "resnet1001"}, "encoder", "'resnet1001'; choose one of resnet34"),
        ({"encoder": "resnet34", "start": "champion"}, "encoder", "the start has resnet18"),
        ({"encoder": "resnet34", "start": SERVING}, "encoder", "the start has resnet18"),
        (
            {"start": "no/file.safetensors"},
            "start",
            "'no/file.safetensors', neither champion, scratch, day-one, a package",
        ),
        ({"start": __file__}, "start", "test_choices.py: is not a Scintiloop model file"),
        ({"start": "package:nobody"}, "start", "no installed package offers a model 'nobody'"),
        ({"steps": 0}, "steps", "is 0; choose at least 1"),
        ({"steps": -3}, "steps", "is -3"),
        ({"steps": choices.MOST_STEPS + 1}, "steps", "choose at most 1000000"),
        ({"dataset": "nowhere"}, "dataset", "dataset version nowhere"),
    ],
)
def test_what_cannot_be_asked_is_named_by_field(
    champion: Settings, options: dict[str, object], field: str, words: str
) -> None:
    found = choices.problems(champion, options)
    assert list(found) == [field]
    assert words in str(found[field])


def test_every_wrong_field_is_named_at_once(champion: Settings) -> None:
    wrong = {"recipe": "x", "encoder": "y", "steps": 0, "dataset": "z"}
    assert set(choices.problems(champion, wrong)) == set(wrong)


def test_there_is_no_start_from_a_champion_that_is_not_there(settings: Settings) -> None:
    [error] = choices.problems(settings, {"start": "champion"}).values()
    assert isinstance(error, ScintiloopError)
    assert "start from scratch" in str(error)


def test_the_day_one_model_is_a_start_where_one_comes_along(settings: Settings) -> None:
    found = choices.problems(settings, {"start": DAY_ONE})
    assert list(found) == ([] if day_one_names() else ["start"])
