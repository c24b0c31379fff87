"""What of a finding can be seen in one projection: the rule that makes truth masks.

A finding's footprint is where its own expected counts reach 41 % of their peak and a fifth of the expected counts of
everything else. It is visible if Rose's criterion holds over that footprint: extra counts at least 5 times the standard
deviation of the others (Rose 1948; with Poisson noise the deviation is the root of the counts).
"""

from dataclasses import dataclass

import numpy as np

from backend.phantom.camera import Crop
from backend.phantom.clouds import Floats
from converters.grid import GRID_SHAPE
from converters.regions import Mask

PEAK_SHARE = 0.41
CONTRAST = 0.2
ROSE = 5.0


@dataclass(frozen=True, eq=False)
class Footprint:
    """Visible pixels (1024, 256) of one finding in one projection and its signal-to-noise ratio there.

    `finding` is its number within the study, the same in both projections.
    """

    mask: Mask
    snr: float
    finding: int

    @property
    def visible(self) -> bool:
        return self.snr >= ROSE


def footprint(extra: Crop, others: Floats, finding: int = 0) -> Footprint:
    """Args: `extra` expected counts of the finding alone, `others` (1024, 256) of all the rest."""
    rows, columns = extra.counts.shape
    window = (slice(extra.row, extra.row + rows), slice(extra.column, extra.column + columns))
    behind = others[window]
    peak = float(extra.counts.max())
    mask = np.zeros(GRID_SHAPE, dtype=np.bool_)
    local = (extra.counts >= PEAK_SHARE * peak) & (extra.counts >= CONTRAST * behind) & (extra.counts > 0)
    mask[window] = local
    snr = float(extra.counts[local].sum() / np.sqrt(behind[local].sum() + 1.0)) if local.any() else 0.0
    return Footprint(mask, snr, finding)
