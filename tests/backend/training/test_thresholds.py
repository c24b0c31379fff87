from collections.abc import Callable

import torch

from backend.model.inference import Predictor
from backend.model.networks import PACKAGE_ENCODER, Architecture, build
from backend.model.outlines import Thresholds
from backend.training.sampling import Sample
from backend.training.thresholds import choose_thresholds

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


def test_without_validation_patients_the_thresholds_stay(blob_samples: Samples) -> None:
    assert choose_thresholds(flat_predictor(0.0), []) == Thresholds()


def test_a_level_that_gains_nothing_is_not_chosen_over_one_half(blob_samples: Samples) -> None:
    chosen = choose_thresholds(flat_predictor(4.0), blob_samples(1, 0))
    assert chosen == Thresholds()


def test_a_level_that_gains_much_is_chosen(blob_samples: Samples) -> None:
    sample = blob_samples(1, 0)[0]
    everywhere = sample.masks.bladder | True
    masks = type(sample.masks)(sample.masks.metastasis & False, everywhere)
    predictor = flat_predictor(-0.3)
    allowing = Predictor(predictor.networks, Thresholds(crop=0.0), "flat", predictor.device)
    assert choose_thresholds(allowing, [Sample(sample.sub_images, masks, "p")]).bladder == 0.4
