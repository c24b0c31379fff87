from collections.abc import Callable

import numpy as np
import torch

from backend.model.inference import Looked, Predictor
from backend.model.networks import PACKAGE_ENCODER, Architecture, build
from backend.model.outlines import Thresholds
from backend.records import LabelMasks
from backend.training.sampling import Sample
from backend.training.thresholds import USUAL_LEVEL, choose_thresholds, tune
from converters.grid import GRID_SHAPE
from converters.regions import LABELS

Samples = Callable[[int, int], list[Sample]]


def flat_predictor(logit: float) -> Predictor:
    """Says the same of every pixel and crop."""
    networks = build(Architecture.named(PACKAGE_ENCODER))
    heads = {networks.segmentation: "head.0", networks.classification: "head"}
    with torch.no_grad():
        for network, head in heads.items():
            network.get_parameter(f"{head}.weight").zero_()
            network.get_parameter(f"{head}.bias").fill_(logit)
    return Predictor.of(networks, Thresholds(), "flat")


def looked(probability: float, sample: Sample) -> tuple[Looked, LabelMasks]:
    """A model that says the same of every pixel, and calls every crop."""
    flat = np.full(GRID_SHAPE, probability, np.float32)
    return Looked(dict.fromkeys(LABELS, flat), dict.fromkeys(LABELS, (0.9,) * 7)), sample.masks


def test_without_validation_patients_nothing_is_tuned() -> None:
    predictor = flat_predictor(0.0)
    assert tune(predictor, []) is predictor


def test_a_level_that_gains_nothing_is_not_chosen_over_the_usual_one(blob_samples: Samples) -> None:
    chosen = choose_thresholds([looked(0.98, blob_samples(1, 0)[0])], Thresholds())
    assert chosen == Thresholds(metastasis=USUAL_LEVEL, bladder=USUAL_LEVEL)


def test_a_level_that_gains_much_is_chosen(blob_samples: Samples) -> None:
    sample = blob_samples(1, 0)[0]
    everywhere = LabelMasks(np.zeros(GRID_SHAPE, bool), np.ones(GRID_SHAPE, bool))
    case = looked(0.22, Sample(sample.sub_images, everywhere, "p"))
    assert choose_thresholds([case], Thresholds()).bladder == 0.2


def test_the_gate_opens_for_crops_that_hold_lesions(blob_samples: Samples) -> None:
    """The classifier doubts every crop, the U-Net is right: a lower level of the gate lets the outlines through."""
    sample = blob_samples(1, 0)[0]
    right = {label: np.where(sample.masks[label], 0.9, 0.01).astype(np.float32) for label in LABELS}
    doubting = Looked(right, dict.fromkeys(LABELS, (0.25,) * 7))
    assert choose_thresholds([(doubting, sample.masks)], Thresholds()).crop == 0.2


def test_tuning_makes_an_overconfident_model_modest(blob_samples: Samples) -> None:
    tuned = tune(flat_predictor(6.0), blob_samples(2, 0))
    said = tuned.look(blob_samples(1, 1)[0].sub_images).probability["metastasis"]
    assert float(said.max()) < 0.7, "sigmoid(6) was 0.998, and hardly any pixel is one"
