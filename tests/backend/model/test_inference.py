from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from backend.errors import ScanError
from backend.model.inference import Predictor
from backend.model.networks import PACKAGE_ENCODER, Architecture, build
from backend.model.outlines import Thresholds
from backend.model.weights import pack
from converters.grid import GRID_SHAPE

EVERYTHING = Thresholds(crop=0.0, metastasis=0.999, bladder=0.999)


def sub_images(seed: int = 0) -> dict[str, np.ndarray]:
    chance = np.random.default_rng(seed)
    low = (255 - chance.poisson(12, GRID_SHAPE)).astype(np.uint8)
    return {"low": low, "high": (255 - (255 - low) // 2).astype(np.uint8)}


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.of(build(Architecture.named(PACKAGE_ENCODER)), EVERYTHING, "v1")


def call_only(predictor: Predictor, *, metastasis: bool, bladder: bool) -> Predictor:
    """The same networks with a classifier that calls every crop for the given labels alone."""
    networks = build(Architecture.named(PACKAGE_ENCODER))
    networks.segmentation.load_state_dict(predictor.networks.segmentation.state_dict())
    with torch.no_grad():
        networks.classification.get_parameter("head.weight").zero_()
        wanted = torch.tensor([metastasis, bladder]).float()
        networks.classification.get_parameter("head.bias").copy_(wanted * 20 - 10)
    return Predictor.of(networks, Thresholds(metastasis=1e-9, bladder=1e-9), "v1")


def test_a_prediction_says_everything_on_the_grid(predictor: Predictor) -> None:
    prediction = predictor.predict(sub_images())  # type: ignore[arg-type]
    assert prediction.model == "v1"
    assert prediction.probability["metastasis"].shape == GRID_SHAPE
    assert prediction.probability["bladder"].dtype == np.float32
    assert set(prediction.crop_probability) == {"metastasis", "bladder"}


def test_loaded_weights_predict_the_same(predictor: Predictor) -> None:
    trained = pack(predictor.networks, {"thresholds": EVERYTHING.to_card()})
    loaded = Predictor.load(trained.weights, trained.card, "v1")
    ours, theirs = (one.look(sub_images()).probability for one in (predictor, loaded))  # type: ignore[arg-type]
    assert np.array_equal(ours["metastasis"], theirs["metastasis"])


def test_no_called_crop_means_no_outline_and_no_probability(predictor: Predictor) -> None:
    prediction = call_only(predictor, metastasis=False, bladder=False).predict(sub_images())  # type: ignore[arg-type]
    assert prediction.regions == ()
    assert not any(image.any() for image in prediction.probability.values())


def test_a_label_is_kept_only_where_a_crop_was_called_for_it(predictor: Predictor) -> None:
    looked = call_only(predictor, metastasis=True, bladder=False).look(sub_images())  # type: ignore[arg-type]
    assert (looked.probability["metastasis"] > 0).all()
    assert not looked.probability["bladder"].any()


def test_one_window_serves_for_both(predictor: Predictor) -> None:
    low = sub_images()["low"]
    one, both = (predictor.look(images) for images in ({"low": low}, {"low": low, "high": low}))  # type: ignore[arg-type]
    assert one.crop_probability == both.crop_probability


def test_a_projection_without_windows_is_refused(predictor: Predictor) -> None:
    with pytest.raises(ScanError, match="no sub-image"):
        predictor.predict({})


def test_threads_share_a_predictor_and_get_the_same_answers(predictor: Predictor) -> None:
    images = [sub_images(seed) for seed in (0, 1, 0, 1)]
    with ThreadPoolExecutor(4) as pool:
        found = [looked.probability["metastasis"] for looked in pool.map(predictor.look, images)]
    assert np.array_equal(found[0], found[2])
    assert np.array_equal(found[1], found[3])
    assert not np.array_equal(found[0], found[1])
