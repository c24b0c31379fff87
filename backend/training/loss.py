"""What training minimises, with ignored pixels left out of every sum."""

import torch
from torch.nn import functional


def segmentation_loss(logits: torch.Tensor, target: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy plus one minus soft Dice, mean over labels; Dice sums over the whole batch.

    Args:
        logits, target: `(n, labels, rows, columns)`; counted: `(n, 1, rows, columns)` bool.
    """
    logits = logits.float()
    weight = counted.to(logits.dtype)
    entropy = functional.binary_cross_entropy_with_logits(logits, target, reduction="none") * weight
    probability = torch.sigmoid(logits) * weight
    truth = target * weight
    both = (probability * truth).sum(dim=(0, 2, 3))
    dice = (2 * both + 1) / (probability.sum(dim=(0, 2, 3)) + truth.sum(dim=(0, 2, 3)) + 1)
    return entropy.sum() / (weight.sum() * logits.shape[1]).clamp(min=1) + (1 - dice).mean()


def crop_loss(logits: torch.Tensor, target: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy of "the crop holds the label"; a crop whose only sign is ignored counts nowhere.

    Args:
        logits: `(n, labels)`; target: `(n, labels, rows, columns)`; counted: `(n, 1, rows, columns)` bool.
    """
    holds = target.amax(dim=(2, 3))
    undecided = (~counted).flatten(1).any(dim=1, keepdim=True) & (holds < 0.5)
    weight = (~undecided).to(holds.dtype)
    entropy = functional.binary_cross_entropy_with_logits(logits.float(), holds, reduction="none") * weight
    return entropy.sum() / weight.sum().clamp(min=1)
