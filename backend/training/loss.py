"""What training minimises, with ignored pixels left out of every sum."""

from collections.abc import Callable
from typing import Literal

import torch
from torch.nn import functional

Loss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
"""`(logits, target, counted)` → scalar; logits and target `(n, labels, rows, columns)`, counted `(n, 1, rows, columns)`
bool."""
LossName = Literal["entropy", "entropy+dice"]


def entropy(logits: torch.Tensor, target: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy, mean over counted pixels and labels."""
    weight = counted.float()
    by_pixel = functional.binary_cross_entropy_with_logits(logits.float(), target, reduction="none") * weight
    return by_pixel.sum() / (weight.sum() * logits.shape[1]).clamp(min=1)


def entropy_and_dice(logits: torch.Tensor, target: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy plus one minus soft Dice, mean over labels; Dice sums over the whole batch."""
    weight = counted.float()
    probability, truth = torch.sigmoid(logits.float()) * weight, target * weight
    both, ours, theirs = (one.sum(dim=(0, 2, 3)) for one in (probability * truth, probability, truth))
    return entropy(logits, target, counted) + 1 - ((2 * both + 1) / (ours + theirs + 1)).mean()


SEGMENTATION_LOSSES: dict[LossName, Loss] = {"entropy": entropy, "entropy+dice": entropy_and_dice}


def crop_loss(cells: torch.Tensor, target: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy of "the crop holds the label" plus that of "the cell holds it".

    A crop or cell whose only sign is ignored counts nowhere.

    Args:
        cells: `(n, labels, cell rows, cell columns)` logits; a crop's logit is its highest.
        target: `(n, labels, rows, columns)`; counted: `(n, 1, rows, columns)` bool.
    """
    cells = cells.float()
    by_cell = functional.adaptive_max_pool2d(target, cells.shape[2:])
    open_cell = functional.adaptive_max_pool2d((~counted).to(target.dtype), cells.shape[2:])
    by_crop = tuple(one.amax(dim=(2, 3)) for one in (cells, by_cell, open_cell))
    return _decided_entropy(cells, by_cell, open_cell) + _decided_entropy(*by_crop)


def _decided_entropy(logits: torch.Tensor, holds: torch.Tensor, undecided: torch.Tensor) -> torch.Tensor:
    weight = 1 - undecided * (1 - holds)
    entropy = functional.binary_cross_entropy_with_logits(logits, holds, reduction="none") * weight
    return entropy.sum() / weight.sum().clamp(min=1)
