"""A model version never changes: whoever edits what is stored is found out at the next use."""

from collections.abc import Callable

import pytest

from backend.errors import InputError, NotFound
from backend.jobs.steps.predict_stored import champion_predictor
from backend.jobs.steps.promote import promote
from backend.model.networks import PACKAGE_ENCODER, Architecture, build
from backend.model.weights import pack
from backend.promotion.registry import find_model, store_model
from backend.promotion.whole import weights_of, why_not_whole
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.session import open_session
from backend.store.tables import ModelVersion

CARD = {"thresholds": {}, "closed_data": True, "lineage": {"start": "scratch"}}


@pytest.fixture
def model(settings: Settings) -> str:
    trained = pack(build(Architecture.named(PACKAGE_ENCODER)), CARD)
    with open_session(settings) as session:
        return store_model(session, blobs_of(settings), trained, None, None, "0.1.0").id


def stored(settings: Settings, model: str) -> ModelVersion:
    with open_session(settings) as session:
        return find_model(session, model)


def card_edited(settings: Settings, model: str) -> None:
    with open_session(settings) as session:
        row = find_model(session, model)
        row.card = row.card | {"closed_data": False}


def a_bit_turned(settings: Settings, model: str) -> None:
    path = blobs_of(settings).path(stored(settings, model).weights_sha256)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def other_weights_put_under_its_id(settings: Settings, model: str) -> None:
    other = blobs_of(settings).put(pack(build(Architecture.named(PACKAGE_ENCODER), seed=9), CARD).weights)
    with open_session(settings) as session:
        find_model(session, model).weights_sha256 = other


def weights_lost(settings: Settings, model: str) -> None:
    blobs_of(settings).path(stored(settings, model).weights_sha256).unlink()


CHANGES = [
    pytest.param(card_edited, r"the card of model version {model} was changed \(closed_data\)", id="card edited"),
    pytest.param(
        a_bit_turned, "the weights of model version {model} are not those that were stored", id="a bit turned"
    ),
    pytest.param(
        other_weights_put_under_its_id,
        "the weights of model version {model} are not those that were stored",
        id="other weights",
    ),
    pytest.param(weights_lost, "the weights of model version {model} are missing; restore", id="weights lost"),
]


def test_what_was_stored_comes_back(settings: Settings, model: str) -> None:
    assert weights_of(blobs_of(settings), stored(settings, model))
    assert why_not_whole(blobs_of(settings), stored(settings, model)) is None


@pytest.mark.parametrize(("change", "words"), CHANGES)
def test_a_changed_model_version_is_refused_by_name_wherever_it_would_be_used(
    settings: Settings, model: str, change: Callable[[Settings, str], None], words: str
) -> None:
    change(settings, model)
    with pytest.raises((InputError, NotFound), match=words.format(model=model)):
        weights_of(blobs_of(settings), stored(settings, model))
    assert model in (why_not_whole(blobs_of(settings), stored(settings, model)) or "")


def test_a_model_of_closed_data_does_not_serve_by_an_edit_of_its_card(settings: Settings, model: str) -> None:
    card_edited(settings, model)
    with pytest.raises(InputError, match="closed_data"):
        promote(settings, model, by="ada")
    assert champion_predictor(settings) is None


def test_a_champion_that_was_changed_serves_no_more(settings: Settings) -> None:
    trained = pack(build(Architecture.named(PACKAGE_ENCODER), seed=4), CARD | {"closed_data": False})
    with open_session(settings) as session:
        model = store_model(session, blobs_of(settings), trained, None, None, "0.1.0").id
    promote(settings.model_copy(update={"broker_url": "redis://127.0.0.1:1/0"}), model, by="ada")
    with open_session(settings) as session:
        row = find_model(session, model)
        row.card = row.card | {"thresholds": {"crop": 0.01}}
    with pytest.raises(InputError, match="thresholds"):
        champion_predictor(settings)
