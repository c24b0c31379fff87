"""The one way from sub-images to a prediction, for evaluation and for serving alike.

The classifier answers for seven overlapping crops; the U-Net runs only over rows that a called crop covers, and a label
is kept only where a crop was called for that label.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from backend.model.calibration import UNCALIBRATED, Calibration, Line
from backend.model.networks import Networks
from backend.model.outlines import Thresholds, to_masks, to_regions
from backend.model.preprocessing import called_rows, spans, stack_windows, to_input
from backend.model.weights import unpack
from backend.records import Prediction, Probability, SubImage, Window
from converters.grid import GRID_SHAPE
from converters.regions import LABELS, Label


@dataclass(frozen=True, eq=False)
class Looked:
    """What the networks alone say of one projection: probabilities after the classifier's gate, before thresholds.

    Args:
        probability: by label, 0 outside the rows of crops called for it.
        by_crop: by label, the probability of each crop of `preprocessing.CROP_TOPS`.
    """

    probability: dict[Label, Probability]
    by_crop: dict[Label, tuple[float, ...]]

    @property
    def crop_probability(self) -> dict[Label, float]:
        """The highest of all crops, by label."""
        return {label: max(values) for label, values in self.by_crop.items()}

    def gated(self, level: float) -> "Looked":
        """The same where only crops of at least `level` are called; at most what was looked at."""
        rows = {label: called_rows(np.array(values) >= level) for label, values in self.by_crop.items()}
        probability = {label: np.where(rows[label][:, None], self.probability[label], 0) for label in rows}
        return Looked(probability, self.by_crop)


@dataclass(frozen=True, eq=False)
class Predictor:
    """One model version, ready; holds no state between calls, so threads may share it.

    Args:
        networks: in evaluation mode, on `device`.
        thresholds, calibration: from the model card.
        version: the string that its predictions carry.
    """

    networks: Networks
    thresholds: Thresholds
    version: str
    device: torch.device
    calibration: Calibration = UNCALIBRATED

    @classmethod
    def load(cls, weights: bytes, card: dict[str, Any], version: str) -> "Predictor":
        """Raises: InputError: the weights are damaged or do not fit the card."""
        calibration = Calibration.from_card(card)
        return replace(cls.of(unpack(weights, card), Thresholds.from_card(card), version), calibration=calibration)

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
        regions = to_regions(masks, looked.probability, self.calibration.region) if outlines else ()
        return Prediction(self.version, masks, regions, looked.probability, looked.crop_probability, looked.by_crop)

    def look(self, sub_images: Mapping[Window, SubImage]) -> Looked:
        """The networks' probabilities; arguments and errors as for `predict`."""
        image = to_input(torch.from_numpy(stack_windows(sub_images)).to(self.device))
        with torch.inference_mode():
            by_crop = self._classify(image)
            called = by_crop >= self.thresholds.crop
            probability = self._segment(image, called)
        return Looked(
            {label: probability[index] for index, label in enumerate(LABELS)},
            {label: tuple(map(float, by_crop[:, index])) for index, label in enumerate(LABELS)},
        )

    def _classify(self, image: torch.Tensor) -> NDArray[np.float32]:
        """`(3, 1024, 256)` → `(7, 2)`: probability of each crop and label."""
        by_crop = self.networks.classification.over_crops(image)
        result: NDArray[np.float32] = self._probability(by_crop, self.calibration.crops, axis=1).cpu().numpy()
        return result

    @staticmethod
    def _probability(logits: torch.Tensor, lines: Mapping[Label, Line], axis: int) -> torch.Tensor:
        """Calibrated, label by label along an axis."""
        by_label = zip(LABELS, logits.unbind(axis), strict=True)
        return torch.stack([lines[label].probability(values) for label, values in by_label], dim=axis)

    def _segment(self, image: torch.Tensor, called: NDArray[np.bool_]) -> NDArray[np.float32]:
        """`(2, 1024, 256)`: 0 outside the rows of crops called for the label."""
        probability = np.zeros((len(LABELS), *GRID_SHAPE), np.float32)
        for rows in spans(called_rows(np.any(called, axis=1, keepdims=True)[:, 0])):
            part = image[None, :, rows].contiguous(memory_format=torch.channels_last)
            logits = self.networks.segmentation(part)[0]
            probability[:, rows] = self._probability(logits, self.calibration.pixels, axis=0).cpu().numpy()
        for index in range(len(LABELS)):
            probability[index, ~called_rows(called[:, index])] = 0
        return probability
