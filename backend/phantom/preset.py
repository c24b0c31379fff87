"""How hard a cohort is: every number that readers and figures stand on, frozen by its digest."""

import hashlib
import json
from dataclasses import asdict, dataclass

GENERATOR_VERSION = 1
"""Raised whenever the same preset would give other counts; part of the digest."""


@dataclass(frozen=True)
class Preset:
    """The settings of a cohort.

    Attributes:
        metastasis_share: share of patients with metastases, kept to within one patient.
        follow_up_share: share of patients with a second study.
        lesion_radius_mm, lesion_radius_spread: median of the lesions' radius in bone and its log-normal sigma.
        lesion_gain, lesion_gain_spread: median extra uptake of a lesion relative to bone, and its sigma.
        look_alikes: mean number of benign findings of a patient beyond the first.
        look_alike_gain: median extra uptake of benign findings.
        counts: range of mean counts per projection, in millions.
        jitter_px: roughness of the readers' outlines.
        bias_px: how far apart the two readers' habits of drawing wide or narrow lie.
        miss_snr: detectability at which a reader misses half of the lesions.
        call_share: share of conspicuous look-alikes that a reader calls metastases.
    """

    name: str
    metastasis_share: float = 0.45
    follow_up_share: float = 0.15
    lesion_radius_mm: float = 7.0
    lesion_radius_spread: float = 0.7
    lesion_gain: float = 6.5
    lesion_gain_spread: float = 0.5
    look_alikes: float = 1.2
    look_alike_gain: float = 3.0
    counts: tuple[float, float] = (0.36, 0.68)
    jitter_px: float = 0.85
    bias_px: float = 0.8
    miss_snr: float = 7.5
    call_share: float = 0.09

    def digest(self) -> str:
        """SHA-256 (hex) of the settings and the generator's version."""
        content = {"generator": GENERATOR_VERSION, **asdict(self)}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


DEMO = Preset(
    name="demo",
    lesion_radius_mm=15.0,
    lesion_radius_spread=0.4,
    lesion_gain=12.0,
    look_alikes=0.8,
    look_alike_gain=2.0,
    bias_px=0.9,
    miss_snr=6.0,
    call_share=0.07,
)
"""Larger and hotter lesions, so that a small model learns within minutes on a processor."""

BENCHMARK = Preset(name="benchmark")
"""The cohort on which reported figures stand: hard by design, see docs/phantom.md."""

BENCHMARK_STUDIES, BENCHMARK_SEED = 60, 0
