from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch

from backend.model.preprocessing import BACKGROUND
from backend.records import LabelMasks
from backend.training.augment import augment
from backend.training.loss import crop_loss, segmentation_loss
from backend.training.phases import one_cycle
from backend.training.sampling import Sample, Sampler
from converters.grid import GRID_SHAPE

Samples = Callable[[int, int], list[Sample]]


def test_a_step_draws_the_same_whoever_asks_and_another_step_another(blob_samples: Samples) -> None:
    first, again = (Sampler(blob_samples(2, 0), 2, seed=5) for _ in range(2))
    assert torch.equal(first.draw(0, 7, 0.5).pixels, again.draw(0, 7, 0.5).pixels)
    assert not torch.equal(first.draw(0, 7, 0.5).pixels, first.draw(0, 8, 0.5).pixels)
    assert not torch.equal(first.draw(0, 7, 0.5).pixels, first.draw(1, 7, 0.5).pixels)


def test_the_wanted_share_of_crops_holds_a_lesion(blob_samples: Samples) -> None:
    sampler = Sampler(blob_samples(4, 0), 4, seed=0)
    held = [sampler.draw(0, step, 1.0).target[:, 0].flatten(1).any(dim=1).float().mean() for step in range(5)]
    assert np.mean(held) > 0.8


def test_samples_without_any_lesion_can_be_drawn(blob_samples: Samples) -> None:
    healthy = [sample for sample in blob_samples(4, 0) if not sample.masks.metastasis.any()]
    assert not Sampler(healthy, 2, seed=0).draw(0, 0, 1.0).target[:, 0].any()


def test_ignored_pixels_are_neither_target_nor_counted(blob_samples: Samples) -> None:
    sample = blob_samples(1, 0)[0]
    everywhere = np.ones(GRID_SHAPE, bool)
    masks = LabelMasks(sample.masks.metastasis, sample.masks.bladder, ignored=everywhere)
    batch = Sampler([Sample(sample.sub_images, masks, "p")], 2, seed=0).draw(0, 0, 0.5)
    assert not batch.target.any()
    assert not batch.counted[:, :, 100:150, 100:150].any()


def test_pixels_and_masks_move_together() -> None:
    uptake = np.zeros((4, 2, 256, 256), np.uint8)
    masks = np.zeros((4, 1, 256, 256), bool)
    uptake[:, :, 90:130, 60:110] = 200
    masks[:, :, 90:130, 60:110] = True
    pixels, moved = augment(uptake, masks, np.random.default_rng(0))
    hot = pixels[:, :1] > (BACKGROUND + pixels.amax()) / 2
    agreement = 2 * (hot & (moved > 0.5)).sum() / (hot.sum() + moved.sum())
    assert agreement > 0.95
    assert pixels.shape == (4, 3, 256, 256)


def test_ignored_pixels_do_not_change_the_loss() -> None:
    logits, target = torch.randn(2, 2, 8, 8), (torch.rand(2, 2, 8, 8) > 0.5).float()
    counted = torch.ones(2, 1, 8, 8, dtype=torch.bool)
    counted[:, :, :4] = False
    other = logits.clone()
    other[:, :, :4] += 5
    assert segmentation_loss(logits, target, counted) == segmentation_loss(other, target, counted)


def test_a_better_outline_costs_less() -> None:
    target = torch.zeros(1, 2, 8, 8)
    target[:, :, :4] = 1
    counted = torch.ones(1, 1, 8, 8, dtype=torch.bool)
    right, wrong = (target - 0.5) * 10, (0.5 - target) * 10
    assert segmentation_loss(right, target, counted) < segmentation_loss(wrong, target, counted)


def test_a_crop_whose_only_sign_is_ignored_teaches_the_classifier_nothing() -> None:
    target = torch.zeros(2, 2, 4, 4)
    counted = torch.ones(2, 1, 4, 4, dtype=torch.bool)
    counted[1, :, 0, 0] = False
    sure, unsure = torch.full((2, 2, 1, 1), -4.0), torch.full((2, 2, 1, 1), -4.0)
    sure[1] = 9
    assert crop_loss(sure, target, counted) == crop_loss(unsure, target, counted)


def test_the_learning_rate_rises_to_its_peak_and_falls_to_nothing() -> None:
    rates = [one_cycle(step, 101) for step in range(101)]
    assert max(rates) == rates[25] == 1
    assert rates[0] < 0.05
    assert rates[-1] < 0.001
    assert all(a <= b for a, b in pairwise(rates[:26]))
    assert all(a >= b for a, b in pairwise(rates[25:]))
