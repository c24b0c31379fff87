"""Foci of uptake in three dimensions: metastases, and the benign findings that look like them."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import numpy as np

from backend.phantom.bones import kind, skeleton
from backend.phantom.clouds import PARTS, Cloud, Floats
from backend.phantom.patients import Patient
from backend.phantom.preset import Preset

FindingKind = Literal[
    "metastasis", "degeneration", "fracture", "hyperostosis", "injection", "contamination", "catheter"
]

LESIONS = {"prostate": 4.8, "breast": 5.7, "lung": 3.0}
MEAN_LESIONS, MOST_LESIONS = 4.5, 25
SEEN_SHARE = 0.72
"""Of the lesions put into a body about this share can be seen; the means above count what can be seen."""
GROUPS = {
    "spine": ("cervical", "thoracic", "lumbar"), "pelvis": ("pelvis", "sacrum"),
    "chest": ("rib", "sternum", "scapula", "clavicle"), "skull": ("skull",), "limb": ("femur", "humerus"),
}  # fmt: skip
SITES = {
    "prostate": (0.43, 0.38, 0.12, 0.02, 0.05), "breast": (0.18, 0.09, 0.66, 0.03, 0.04),
    "lung": (0.34, 0.17, 0.38, 0.03, 0.08),
}  # fmt: skip
OTHER_SITES = (0.4, 0.22, 0.28, 0.03, 0.07)
"""Share of lesions by group of bones, for early disease."""
JOINTS = {
    "knee": (62, -25, 462), "knee outside": (108, -25, 462), "hip": (98, -14, 890), "ankle": (80, -20, 62),
    "acromion": (140, 20, 1447), "sternoclavicular": (24, -62, 1405), "shoulder": (150, 10, 1410),
    "facet L4": (20, 45, 1060), "facet L5": (20, 45, 1025), "elbow": (172, 14, 1112), "wrist": (184, 14, 856),
}  # fmt: skip
"""Where joints wear, left side, mm."""
SOFT_SPOT_POINTS = 600


@dataclass(frozen=True)
class Finding:
    """One focus.

    Attributes:
        kind: what it is; only `metastasis` is disease.
        centre: mm in the standard body.
        radius: mm.
        gain: extra uptake relative to bone (in bone), or relative to a bone of that size (outside bone).
        bone: index of the bone that it stays within; None for activity outside bone.
        part: the part that it moves with.
    """

    kind: FindingKind
    centre: tuple[float, float, float]
    radius: float
    gain: float
    bone: int | None
    part: int

    def cloud(self) -> Cloud:
        """Its extra activity as points of the standard body."""
        return _in_bone(self) if self.bone is not None else _outside(self)


def draw_metastases(preset: Preset, patient: Patient, rng: np.random.Generator) -> list[Finding]:
    """The lesions of a patient at one visit; `rng` is the patient's, so that a follow-up meets the same lesions."""
    if not patient.has_metastases:
        return []
    primary = patient.visit.primary or ""
    mean = LESIONS.get(primary, MEAN_LESIONS) / SEEN_SHARE - 1
    count = 1 + min(int(rng.negative_binomial(1.0, 1 / (1 + mean))), MOST_LESIONS)
    fresh = int(rng.integers(0, 3))
    found = [_metastasis(preset, primary, rng) for _ in range(count + fresh)]
    progress = rng.random() < 0.5
    if patient.visit_index == 0:
        return found[:count]
    if progress:
        return [replace(lesion, radius=lesion.radius * 1.15, gain=lesion.gain * 1.2) for lesion in found]
    return [replace(lesion, radius=lesion.radius * 0.9, gain=lesion.gain * 0.6) for lesion in found[:count]]


def draw_look_alikes(preset: Preset, patient: Patient, rng: np.random.Generator) -> list[Finding]:
    """Benign findings: at least one worn joint, more with age, and now and then something else."""
    found: list[Finding] = []
    age = patient.visit.age or 60.0
    for _ in range(1 + rng.poisson(preset.look_alikes * np.clip(age / 65, 0.4, 1.5))):
        choice = rng.choice(["degeneration", "fracture", "hyperostosis", "injection", "contamination", "catheter"],
                            p=(0.58, 0.16, 0.04, 0.1, 0.09, 0.03))  # fmt: skip
        gain = float(rng.lognormal(np.log(preset.look_alike_gain), 0.4))
        found += BENIGN[str(choice)](gain, rng)
    return found


def _metastasis(preset: Preset, primary: str, rng: np.random.Generator) -> Finding:
    cloud, _ = skeleton()
    group = str(rng.choice(list(GROUPS), p=SITES.get(primary, OTHER_SITES)))
    centre = int(rng.choice(points_of(GROUPS[group])))
    radius = float(np.clip(rng.lognormal(np.log(preset.lesion_radius_mm), preset.lesion_radius_spread), 3.5, 45))
    gain = float(rng.lognormal(np.log(preset.lesion_gain), preset.lesion_gain_spread))
    return _at(cloud, "metastasis", centre, radius, gain)


@cache
def points_of(kinds: tuple[str, ...]) -> Floats:
    """Indices of the skeleton's points in bones of these kinds; of thighs and upper arms the upper half."""
    cloud, names = skeleton()
    wanted = np.array([kind(name) in kinds for name in names])[cloud.region]
    height = cloud.points[:, 2]
    low = np.isin(cloud.part, [PARTS.index(f"{limb}_{side}") for limb, side in _LONG])
    reach = np.where(np.isin(cloud.part, [PARTS.index("thigh_r"), PARTS.index("thigh_l")]), 680, 1270)
    return np.asarray(np.flatnonzero(wanted & ~(low & (height < reach))))


_LONG = [(limb, side) for limb in ("thigh", "arm") for side in "rl"]


def _at(cloud: Cloud, finding: FindingKind, point: int, radius: float, gain: float) -> Finding:
    x, y, z = (float(value) for value in cloud.points[point])
    return Finding(finding, (x, y, z), radius, gain, int(cloud.region[point]), int(cloud.part[point]))


def _nearest(target: tuple[float, float, float]) -> int:
    cloud, _ = skeleton()
    return int(np.argmin(((cloud.points - target) ** 2).sum(axis=1)))


def _degeneration(gain: float, rng: np.random.Generator) -> list[Finding]:
    cloud, _ = skeleton()
    x, y, z = JOINTS[str(rng.choice(list(JOINTS)))]
    sides = (1, -1) if rng.random() < 0.4 else (int(rng.choice((1, -1))),)
    radius = float(rng.uniform(7, 16))
    return [_at(cloud, "degeneration", _nearest((side * x, y, z)), radius, gain) for side in sides]


def _fracture(gain: float, rng: np.random.Generator) -> list[Finding]:
    """A row of broken ribs, one below the other."""
    cloud, names = skeleton()
    side, first, length = str(rng.choice(("r", "l"))), int(rng.integers(3, 8)), int(rng.integers(2, 5))
    angle = rng.uniform(0.25, 0.75)
    found = []
    for rib in range(first, first + length):
        points = np.flatnonzero(cloud.region == names.index(f"rib{rib}_{side}"))
        along = np.argsort(cloud.points[points, 1])
        place = points[along[int(np.clip(angle + rng.normal(0, 0.03), 0, 0.99) * len(points))]]
        found.append(_at(cloud, "fracture", int(place), float(rng.uniform(5, 8)), gain * rng.uniform(0.8, 1.6)))
    return found


def _hyperostosis(gain: float, rng: np.random.Generator) -> list[Finding]:
    cloud, _ = skeleton()
    side = float(rng.choice((-1, 1)))
    place = _nearest((side * rng.uniform(10, 35), -70, 1665))
    return [_at(cloud, "hyperostosis", place, float(rng.uniform(18, 32)), gain * 0.6)]


def _injection(gain: float, rng: np.random.Generator) -> list[Finding]:
    side = str(rng.choice(("r", "l")))
    mirror = 1 if side == "l" else -1
    at_elbow = rng.random() < 0.5
    place = (mirror * 166.0, -14.0, 1105.0 + rng.normal(0, 10)) if at_elbow else (mirror * 186.0, 0.0, 800.0)
    part = PARTS.index(f"{'forearm' if at_elbow else 'hand'}_{side}")
    return [Finding("injection", place, float(rng.uniform(4, 12)), gain * rng.uniform(2, 12), None, part)]


def _contamination(gain: float, rng: np.random.Generator) -> list[Finding]:
    side = str(rng.choice(("r", "l")))
    mirror = 1 if side == "l" else -1
    place = (mirror * rng.uniform(20, 110), -80.0, rng.uniform(640, 860))
    return [
        Finding(
            "contamination", place, float(rng.uniform(4, 11)), gain * rng.uniform(0.5, 2), None, PARTS.index("trunk")
        )
    ]


def _catheter(gain: float, rng: np.random.Generator) -> list[Finding]:
    place = (float(rng.choice((-1, 1))) * rng.uniform(20, 60), -40.0, rng.uniform(540, 640))
    return [Finding("catheter", place, float(rng.uniform(16, 26)), gain * 2, None, PARTS.index("trunk"))]


BENIGN = {
    "degeneration": _degeneration, "fracture": _fracture, "hyperostosis": _hyperostosis,
    "injection": _injection, "contamination": _contamination, "catheter": _catheter,
}  # fmt: skip
"""Makers of benign findings by kind: from a gain and chance to foci."""


def _in_bone(finding: Finding) -> Cloud:
    """More uptake in the bone itself, so that a lesion has its bone's shape; strongest at the centre."""
    cloud, _ = skeleton()
    bone = cloud[cloud.region == finding.bone]
    distance = np.linalg.norm(bone.points - finding.centre, axis=1) / finding.radius
    near, distance = bone[distance < 1], distance[distance < 1]
    uptake = (near.weight + mean_uptake()) / 2
    return replace(near, weight=finding.gain * uptake * (1 - 0.5 * distance**2))


def _outside(finding: Finding) -> Cloud:
    points = _unit_ball() * finding.radius + finding.centre
    size = 4 * np.pi * finding.radius**2
    activity = np.full(SOFT_SPOT_POINTS, finding.gain * size / SOFT_SPOT_POINTS)
    nowhere = np.zeros(SOFT_SPOT_POINTS, dtype=np.int64)
    return Cloud(points, activity, nowhere + finding.part, nowhere)


@cache
def mean_uptake() -> float:
    """Mean weight of the skeleton's points."""
    return float(skeleton()[0].weight.mean())


@cache
def _unit_ball() -> Floats:
    rng = np.random.default_rng(SOFT_SPOT_POINTS)
    direction = rng.normal(size=(SOFT_SPOT_POINTS, 3))
    return np.asarray(
        direction / np.linalg.norm(direction, axis=1, keepdims=True) * rng.random((SOFT_SPOT_POINTS, 1)) ** (1 / 3)
    )
