from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch

from backend.model.preprocessing import BACKGROUND
from backend.records import LabelMasks
from backend.training.augment import SLAB_ROWS, Slabs, augment
from backend.training.loss import SEGMENTATION_LOSSES, Loss, crop_loss
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


def blob_slabs(count: int) -> Slabs:
    """A hot square in otherwise cold slabs; the high window's upper level is twice the low one's."""
    uptake = torch.zeros(count, 2, SLAB_ROWS, 256, dtype=torch.uint8)
    uptake[:, 0, 130:170, 60:110], uptake[:, 1, 130:170, 60:110] = 200, 100
    masks = torch.zeros(count, 3, SLAB_ROWS, 256, dtype=torch.bool)
    masks[:, 0, 130:170, 60:110] = True
    return Slabs(uptake, masks, torch.full((count,), 2.0))


def test_pixels_and_masks_move_together() -> None:
    pixels, moved = augment(blob_slabs(4), np.random.default_rng(0))
    hot = pixels[:, :1] > (BACKGROUND + pixels.amax()) / 2
    agreement = 2 * (hot & (moved[:, :1] > 0.5)).sum() / (hot.sum() + moved.sum())
    assert agreement > 0.9
    assert pixels.shape == (4, 3, 256, 256)
    assert moved.shape == (4, 3, 256, 256)


def test_about_half_of_the_crops_lose_counts() -> None:
    pixels, _ = augment(blob_slabs(64), np.random.default_rng(1))
    noisy = pixels[:, 0, 100:115, 75:95].flatten(1).std(dim=1) > 0.01
    assert 0.2 < noisy.float().mean() < 0.7


def test_a_crop_at_the_end_of_the_image_sees_nothing_beyond_it(blob_samples: Samples) -> None:
    sampler = Sampler(blob_samples(1, 0), 8, seed=0, augmented=False)
    batches = (sampler.draw(0, step, 1.0) for step in range(200))
    at_the_top = [batch.pixels[n, 0, 0] for batch in batches for n, (_, row) in enumerate(batch.crops) if row == 0]
    assert at_the_top
    assert all(row.max() > BACKGROUND for row in at_the_top), "its first row is the image's own"


def test_without_augmentation_crops_are_the_images_own_pixels(blob_samples: Samples) -> None:
    sample = blob_samples(1, 0)[0]
    batch = Sampler([sample], 2, seed=0, augmented=False).draw(0, 0, 0.5)
    for pixels, target, (_, row) in zip(batch.pixels, batch.target, batch.crops, strict=True):
        uptake = 255 - torch.from_numpy(sample.sub_images["low"][row : row + 256]).float()
        assert torch.equal(pixels[0], (uptake - 127) / 128)
        assert torch.equal(target[0] > 0, torch.from_numpy(sample.masks.metastasis[row : row + 256]))


losses = pytest.mark.parametrize("loss", SEGMENTATION_LOSSES.values(), ids=SEGMENTATION_LOSSES.keys())


@losses
def test_ignored_pixels_do_not_change_the_loss(loss: Loss) -> None:
    logits, target = torch.randn(2, 2, 8, 8), (torch.rand(2, 2, 8, 8) > 0.5).float()
    counted = torch.ones(2, 1, 8, 8, dtype=torch.bool)
    counted[:, :, :4] = False
    other = logits.clone()
    other[:, :, :4] += 5
    assert loss(logits, target, counted) == loss(other, target, counted)


@losses
def test_a_better_outline_costs_less(loss: Loss) -> None:
    target = torch.zeros(1, 2, 8, 8)
    target[:, :, :4] = 1
    counted = torch.ones(1, 1, 8, 8, dtype=torch.bool)
    right, wrong = (target - 0.5) * 10, (0.5 - target) * 10
    assert loss(right, target, counted) < loss(wrong, target, counted)


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
