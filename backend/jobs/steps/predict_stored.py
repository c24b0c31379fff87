"""The champion's opinion of a stored projection: one way for the ML backend and for pre-annotation in bulk."""

import json
import threading
from functools import lru_cache
from typing import TYPE_CHECKING

from backend.errors import NotFound, Sequestered
from backend.promotion.registry import champion
from backend.promotion.whole import whole_weights
from backend.records import Prediction
from backend.settings import Settings
from backend.store.blobs import BlobStore, blobs_of
from backend.store.images import load_sub_images
from backend.store.sealed import current_reference
from backend.store.session import open_session
from backend.store.tables import Image

if TYPE_CHECKING:
    from backend.model.inference import Predictor

NO_CHAMPION = "none yet"
"""The version that Label Studio sees before the first promotion."""

_loading = threading.Lock()
_inferring = threading.Lock()


def version_name(model_id: str | None) -> str:
    """A model version as Label Studio knows it: another string after every promotion."""
    return NO_CHAMPION if model_id is None else f"scintiloop-{model_id}"


def champion_version(settings: Settings) -> str:
    """The version that serves now; reads the database alone."""
    with open_session(settings) as session:
        model = champion(session)
        return version_name(model.id if model else None)


def champion_predictor(settings: Settings) -> "Predictor | None":
    """The champion, loaded once and kept until others have taken its place; None before the first promotion.

    Raises:
        NotFound: its weights are missing.
        InputError: its weights or its card were changed since it was stored.
    """
    with open_session(settings) as session:
        model = champion(session)
    if model is None:
        return None
    with _loading:
        card = json.dumps(model.card, sort_keys=True)
        return _loaded(blobs_of(settings), model.id, model.weights_sha256, card)


def predict_image(settings: Settings, image_id: int, predictor: "Predictor | None" = None) -> Prediction | None:
    """What a model says of one stored projection.

    Args:
        predictor: the champion where None.

    Returns:
        The prediction, or None before the first promotion.

    Raises:
        NotFound: no image has that id, or a blob is missing.
        Sequestered: the patient belongs to the frozen test set and the reference is not sealed yet.
    """
    with open_session(settings) as session:
        image = session.get(Image, image_id)
        if image is None:
            raise NotFound(f"image {image_id} does not exist")
        if image.study.patient.sequestered and current_reference(session, image_id) is None:
            raise Sequestered(
                f"image {image_id} is in the frozen test set: no model sees it before its reference is sealed"
            )
    chosen = predictor or champion_predictor(settings)
    if chosen is None:
        return None
    sub_images = load_sub_images(blobs_of(settings), image)
    with _inferring:
        # one at a time: a prediction uses every core by itself, two at once only double the memory
        return chosen.predict(sub_images)


@lru_cache(maxsize=2)
def _loaded(blobs: BlobStore, model_id: str, weights_sha256: str, card_json: str) -> "Predictor":
    from backend.model.inference import Predictor  # noqa: PLC0415 (torch takes seconds; most callers ask for a version)

    card = json.loads(card_json)
    weights = whole_weights(blobs, model_id, weights_sha256, card)
    return Predictor.load(weights, card, version_name(model_id))
