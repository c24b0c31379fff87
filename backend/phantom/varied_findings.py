"""Lesions and look-alikes of every kind, drawn over ranges that overlap: gain alone tells neither from the other."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from backend.phantom.bones import kind, skeleton
from backend.phantom.clouds import PARTS, Cloud, Floats
from backend.phantom.domains import Domain
from backend.phantom.findings import BENIGN, GROUPS, JOINTS, Finding, mean_uptake, points_of

GROUP_SHARES = (0.36, 0.24, 0.27, 0.05, 0.08)
ANYWHERE = 0.1
"""Share of lesions whose place is any point of the skeleton, hands and feet as well."""
SMALLEST_RADIUS, LARGEST_RADIUS, LEAST_GAIN, MOST_GAIN = 3.0, 45.0, 1.5, 40.0
MOST_LESIONS = 60
NEAR_MM = 70.0
"""Clustered lesions lie about this far apart."""


def draw_lesions(domain: Domain, rng: np.random.Generator) -> list[Cloud]:
    """The extra activity of each metastasis, in standard millimetres and units of bone uptake."""
    if not domain.diseased:
        return []
    count = MOST_LESIONS if domain.superscan else min(1 + rng.poisson(max(domain.lesions - 1, 0)), MOST_LESIONS)
    centres: list[int] = []
    for _ in range(count):
        near = centres and rng.random() < domain.clustered
        centres.append(_beside(int(rng.choice(centres)), rng) if near else _anywhere(rng))
    return [_lesion(centre, domain, rng) for centre in centres]


def _anywhere(rng: np.random.Generator) -> int:
    if rng.random() < ANYWHERE:
        return int(rng.integers(len(skeleton()[0])))
    return int(rng.choice(points_of(GROUPS[str(rng.choice(list(GROUPS), p=GROUP_SHARES))])))


def _beside(centre: int, rng: np.random.Generator) -> int:
    points = skeleton()[0].points
    wanted = points[centre] + rng.normal(0, NEAR_MM, 3)
    some = rng.integers(len(points), size=4000)
    return int(some[np.argmin(((points[some] - wanted) ** 2).sum(axis=1))])


def _lesion(centre: int, domain: Domain, rng: np.random.Generator) -> Cloud:
    radius = float(
        np.clip(domain.lesion_radius * rng.lognormal(0, domain.lesion_radius_spread), SMALLEST_RADIUS, LARGEST_RADIUS)
    )
    gain = np.clip(domain.lesion_gain * rng.lognormal(0, domain.lesion_gain_spread), LEAST_GAIN, MOST_GAIN)
    cloud, _ = skeleton()
    if rng.random() < domain.beyond_bone:
        x, y, z = (float(value) for value in cloud.points[centre])
        return Finding("metastasis", (x, y, z), radius, gain / 2, None, int(cloud.part[centre])).cloud()
    bone = _bone(int(cloud.region[centre]))
    offset = bone.points - cloud.points[centre]
    axis = rng.normal(size=3)
    axis /= np.linalg.norm(axis)
    lengthwise = offset @ axis
    stretch = 1 - domain.lesion_length**-2
    distance = np.sqrt(np.maximum((offset**2).sum(axis=1) - stretch * lengthwise**2, 0)) / radius
    near, distance = bone[distance < 1], distance[distance < 1]
    profile = 1 - rng.uniform(0.2, 0.9) * distance**2
    if domain.cold_centre > 0 and rng.random() < 0.5:
        profile = np.where(distance < domain.cold_centre, 0.05, profile)
    return replace(near, weight=gain * (near.weight + mean_uptake()) / 2 * profile)


@cache
def _bone(region: int) -> Cloud:
    cloud, _ = skeleton()
    return cloud[cloud.region == region]


def draw_benign(domain: Domain, rng: np.random.Generator) -> list[Cloud]:
    """The extra activity of every benign finding."""
    found = []
    for _ in range(rng.poisson(domain.benign)):
        gain = float(np.clip(domain.benign_gain * rng.lognormal(0, 0.6), 0.5, MOST_GAIN))
        name = str(rng.choice(list(KINDS), p=_SHARES))
        found += [one.cloud() if isinstance(one, Finding) else one for one in KINDS[name][1](gain, rng)]
    if domain.arthritis:
        found += _every_joint(domain.benign_gain, rng)
    return found


def changed_bones(domain: Domain, rng: np.random.Generator) -> Floats:
    """(n,) factor on the uptake of each point of the skeleton: metal joints cold, a bone of Paget's disease hot."""
    cloud, names = skeleton()
    factor = np.ones(len(cloud))
    if domain.arthroplasty:
        x, y, z = JOINTS[str(rng.choice(["knee", "hip", "shoulder"]))]
        for side in (1, -1) if rng.random() < 0.25 else (int(rng.choice((-1, 1))),):
            distance = np.linalg.norm((cloud.points - (side * x, y, z)) * (1, 0.7, 0.6), axis=1)
            factor[distance < 34] = 0.06
            factor[(distance >= 34) & (distance < 44)] *= rng.uniform(0.8, 4)
    if domain.paget:
        bone = str(
            rng.choice(["pelvis_l", "pelvis_r", "femur_l", "tibia_r", "skull", "lumbar3", "sacrum", "humerus_l"])
        )
        factor[np.array([name == bone for name in names])[cloud.region]] *= rng.uniform(2, 8)
    return factor


def _every_joint(gain: float, rng: np.random.Generator) -> list[Cloud]:
    found: list[Cloud] = []
    for name, (x, y, z) in JOINTS.items():
        if rng.random() < 0.7:
            size = gain * rng.lognormal(0, 0.4) / 2
            found += [_spot((side * x, y, z), rng.uniform(6, 16), size) for side in (1, -1)] if "L" not in name else []
    return found


def _spot(place: tuple[float, float, float], radius: float, gain: float) -> Cloud:
    """A spot in the bone nearest to a place."""
    cloud, _ = skeleton()
    nearest = int(np.argmin(((cloud.points - place) ** 2).sum(axis=1)))
    bone = _bone(int(cloud.region[nearest]))
    distance = np.linalg.norm(bone.points - cloud.points[nearest], axis=1) / radius
    near = bone[distance < 1]
    return replace(near, weight=gain * (near.weight + mean_uptake()) / 2 * (1 - 0.5 * distance[distance < 1] ** 2))


def _of(*kinds: str) -> NDArray[np.int64]:
    cloud, names = skeleton()
    return np.flatnonzero(np.array([kind(name) in kinds for name in names])[cloud.region])


def _one_vertebra(rng: np.random.Generator) -> Cloud:
    _, names = skeleton()
    return _bone(int(rng.choice([index for index, name in enumerate(names) if kind(name) in ("lumbar", "thoracic")])))


def _spine_wear(gain: float, rng: np.random.Generator) -> list[Cloud]:
    """An osteophyte: the outer edge of a vertebra's end plate."""
    bone = _one_vertebra(rng)
    side, edge = float(rng.choice((-1, 1))), float(rng.choice((bone.points[:, 2].min(), bone.points[:, 2].max())))
    place = (float(side * np.percentile(np.abs(bone.points[:, 0]), 80)), float(bone.points[:, 1].mean()), edge)
    return [_spot(place, rng.uniform(6, 14), gain)]


def _compression(gain: float, rng: np.random.Generator) -> list[Cloud]:
    """A collapsed vertebra: a flat band across the whole of it."""
    bone = _one_vertebra(rng)
    height = bone.points[:, 2]
    band = bone[np.abs(height - np.percentile(height, rng.uniform(40, 90))) < rng.uniform(4, 9)]
    return [replace(band, weight=gain * band.weight)]


def _teeth(gain: float, rng: np.random.Generator) -> list[Cloud]:
    return [
        _spot((rng.uniform(-30, 30), -80.0, rng.uniform(1505, 1550)), rng.uniform(5, 12), gain)
        for _ in range(rng.integers(1, 4))
    ]


def _sinuses(gain: float, rng: np.random.Generator) -> list[Cloud]:
    return [
        _spot((side * rng.uniform(8, 28), -85.0, rng.uniform(1560, 1615)), rng.uniform(8, 16), gain) for side in (1, -1)
    ]


def _breastbone(gain: float, rng: np.random.Generator) -> list[Cloud]:
    """The joint of manubrium and body, or the line of a healing sternotomy."""
    cloud, _ = skeleton()
    bone = cloud[_of("sternum")]
    height = bone.points[:, 2]
    if rng.random() < 0.5:
        near = bone[np.abs(bone.points[:, 0]) < rng.uniform(4, 10)]
    else:
        near = bone[np.abs(height - np.percentile(height, rng.uniform(60, 80))) < rng.uniform(5, 11)]
    return [replace(near, weight=0.5 * gain * near.weight)]


def _rib_ends(gain: float, rng: np.random.Generator) -> list[Cloud]:
    """A row of costochondral joints."""
    _, names = skeleton()
    found = []
    side, first = str(rng.choice(("r", "l"))), int(rng.integers(2, 5))
    for rib in range(first, first + int(rng.integers(3, 6))):
        points = _bone(names.index(f"rib{rib}_{side}")).points
        x, y, z = points[np.argmin(points[:, 1])]
        found.append(_spot((float(x), float(y), float(z)), rng.uniform(6, 10), gain * rng.uniform(0.4, 0.9)))
    return found


def _one_joint(gain: float, rng: np.random.Generator) -> list[Cloud]:
    x, y, z = JOINTS[str(rng.choice(list(JOINTS)))]
    sides = (1, -1) if rng.random() < 0.6 else (1,)
    return [_spot((side * x, y, z), rng.uniform(6, 22), gain * rng.uniform(0.6, 1.2)) for side in sides]


def _small_joints(gain: float, rng: np.random.Generator) -> list[Cloud]:
    """Toes, tarsus or fingers."""
    points = skeleton()[0].points
    places = points[rng.choice(_of("hand", "foot"), size=int(rng.integers(1, 5)))]
    return [_spot((float(x), float(y), float(z)), rng.uniform(5, 12), 1.5 * gain) for x, y, z in places]


def _vein(gain: float, rng: np.random.Generator) -> list[Finding]:
    """Tracer left in a vein of the arm, or a leak at the needle."""
    mirror, side = (1.0, "l") if rng.random() < 0.5 else (-1.0, "r")
    top = rng.uniform(1150, 1380)
    part = PARTS.index(f"arm_{side}")
    return [
        Finding("injection", (mirror * 160.0, 0.0, float(z)), 5.0, 0.6 * gain, None, part)
        for z in np.arange(1110, top, 9.0)
    ]


def _on_the_skin(gain: float, rng: np.random.Generator) -> list[Finding]:
    """A drop anywhere on body or sheet."""
    place = (rng.uniform(-260, 260), float(rng.choice((-110.0, 90.0))), rng.uniform(100, 1650))
    return [Finding("contamination", place, rng.uniform(3, 12), gain * rng.uniform(0.3, 4), None, 0)]


Maker = Callable[[float, np.random.Generator], list[Cloud] | list[Finding]]
KINDS: dict[str, tuple[float, Maker]] = {
    "spine wear": (0.24, _spine_wear), "joint": (0.2, _one_joint), "compression": (0.07, _compression),
    "teeth": (0.05, _teeth), "sinuses": (0.04, _sinuses), "breastbone": (0.05, _breastbone),
    "rib ends": (0.05, _rib_ends), "small joints": (0.06, _small_joints), "vein": (0.02, _vein),
    "skin": (0.05, _on_the_skin), **{name: (0.11 / 6, maker) for name, maker in BENIGN.items()},
}  # fmt: skip
_SHARES = np.array([share for share, _ in KINDS.values()]) / sum(share for share, _ in KINDS.values())
