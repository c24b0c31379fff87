"""The one way from sub-images to a prediction, for evaluation and for serving alike.

The classifier answers for seven overlapping crops; the U-Net runs only over rows that a called crop covers, and a label
is kept only where a crop was called for that label.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from backend.model.networks import Networks
from backend.model.outlines import Thresholds, to_masks, to_regions
from backend.model.preprocessing import called_rows, spans, stack_windows, to_input
from backend.model.weights import unpack
from backend.records import Prediction, Probability, SubImage, Window
from converters.grid import GRID_SHAPE
from converters.regions import LABELS, Label


@dataclass(frozen=True, eq=False)
class Looked:
    """What the networks alone say of one projection: probabilities after the classifier's gate, before thresholds."""

    probability: dict[Label, Probability]
    crop_probability: dict[Label, float]
    by_crop: dict[Label, tuple[float, ...]]


@dataclass(frozen=True, eq=False)
class Predictor:
    """One model version, ready; holds no state between calls, so threads may share it.

    Args:
        networks: in evaluation mode, on `device`.
        thresholds: from the model card.
        version: the string that its predictions carry.
    """

    networks: Networks
    thresholds: Thresholds
    version: str
    device: torch.device

    @classmethod
    def load(cls, weights: bytes, card: dict[str, Any], version: str) -> "Predictor":
        """Raises: InputError: the weights are damaged or do not fit the card."""
        return cls.of(unpack(weights, card), Thresholds.from_card(card), version)

    @classmethod
    def of(cls, networks: Networks, thresholds: Thresholds, version: str) -> "Predictor":
        """A predictor of networks already in memory, put into evaluation mode and on the GPU where there is one."""
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        for network in networks.named().values():
            network.to(device).eval()
        return cls(networks, thresholds, version, device)

    def predict(self, sub_images: Mapping[Window, SubImage], *, outlines: bool = True) -> Prediction:
        """The prediction for one projection.

        Args:
            sub_images: by window, each `(1024, 256)` uint8, 0 = hottest; one window serves for both.
            outlines: whether the masks are wanted as editable regions too.

        Raises:
            ScanError: no window, or one of another shape or dtype.
        """
        looked = self.look(sub_images)
        masks = to_masks(looked.probability, self.thresholds)
        regions = to_regions(masks, looked.probability) if outlines else ()
        return Prediction(self.version, masks, regions, looked.probability, looked.crop_probability, looked.by_crop)

    def look(self, sub_images: Mapping[Window, SubImage]) -> Looked:
        """The networks' probabilities; arguments and errors as for `predict`."""
        image = to_input(torch.from_numpy(stack_windows(sub_images)).to(self.device))
        with torch.inference_mode():
            by_crop = self._classify(image)
            called = by_crop >= self.thresholds.crop
            probability = self._segment(image, called)
        highest = by_crop.max(axis=0)
        return Looked(
            {label: probability[index] for index, label in enumerate(LABELS)},
            {label: float(highest[index]) for index, label in enumerate(LABELS)},
            {label: tuple(map(float, by_crop[:, index])) for index, label in enumerate(LABELS)},
        )

    def _classify(self, image: torch.Tensor) -> NDArray[np.float32]:
        """`(3, 1024, 256)` → `(7, 2)`: probability of each crop and label."""
        by_crop = self.networks.classification.over_crops(image)
        result: NDArray[np.float32] = torch.sigmoid(by_crop).float().cpu().numpy()
        return result

    def _segment(self, image: torch.Tensor, called: NDArray[np.bool_]) -> NDArray[np.float32]:
        """`(2, 1024, 256)`: 0 outside the rows of crops called for the label."""
        probability = np.zeros((len(LABELS), *GRID_SHAPE), np.float32)
        for rows in spans(called_rows(np.any(called, axis=1, keepdims=True)[:, 0])):
            part = image[None, :, rows].contiguous(memory_format=torch.channels_last)
            probability[:, rows] = torch.sigmoid(self.networks.segmentation(part))[0].float().cpu().numpy()
        for index in range(len(LABELS)):
            probability[index, ~called_rows(called[:, index])] = 0
        return probability
