"""What is not bone: soft tissue, kidneys and bladder, as clouds around the standard skeleton."""

from functools import cache

import numpy as np

from backend.phantom.clouds import PARTS, SIDES, Cloud, Floats, joined

SAMPLING_SEED = 20_190_731
MM3_PER_POINT = 420.0
TRUNK = np.array(
    [  # z, half width, front y, back y (mm)
        (745, 20, -30, 30), (775, 80, -72, 78), (810, 150, -90, 96), (845, 172, -100, 100), (900, 174, -108, 104),
        (1000, 152, -112, 92), (1060, 140, -114, 84), (1150, 142, -120, 88), (1250, 154, -130, 98),
        (1330, 164, -128, 104), (1390, 172, -112, 106), (1435, 160, -86, 100), (1470, 96, -64, 92),
        (1490, 62, -58, 84), (1555, 58, -58, 82),
    ]
)  # fmt: skip
"""Ellipses of the trunk and neck from the crotch upwards."""
LIMBS = {
    "arm": ((152, 18, 1425), (168, 12, 1110), 50, 42),
    "forearm": ((168, 12, 1112), (183, 13, 862), 43, 27),
    "hand": ((184, 14, 872), (190, 14, 715), 36, 22),
    "thigh": ((90, -8, 850), (84, -22, 465), 84, 58),
    "shank": ((84, -18, 475), (80, -18, 60), 58, 36),
    "foot": ((80, 0, 40), (100, -225, 20), 34, 28),
}
"""Per limb of the left side: axis from, to, radius at both ends (mm)."""
FLATNESS = {"hand": 0.5}
HEAD_CENTRE, HEAD_AXES = (0.0, 6.0, 1600.0), (80.0, 100.0, 118.0)

ORGANS = ("kidney_r", "kidney_l", "bladder")
KIDNEYS = {"kidney_r": ((-62, 52, 1122), 12), "kidney_l": ((62, 54, 1142), -12)}
KIDNEY_AXES = (24.0, 20.0, 50.0)
BLADDER_CENTRE, BLADDER_AXES = (0.0, -22.0, 868.0), (38.0, 32.0, 30.0)
ORGAN_POINTS = 6_000


@cache
def soft_tissue() -> Cloud:
    """Uniform soft tissue of unit weight per point; `region` is 0 throughout."""
    rng = np.random.default_rng(SAMPLING_SEED)
    shapes = [("trunk", _trunk(rng)), ("head", _ellipsoid(HEAD_CENTRE, HEAD_AXES, rng, MM3_PER_POINT))]
    for side in SIDES:
        mirror = np.array([1 if side == "l" else -1, 1, 1])
        for limb in LIMBS:
            shapes.append((f"{limb}_{side}", _limb(limb, rng) * mirror))
    return joined([_cloud(points, part, 0, 1.0) for part, points in shapes])


@cache
def organs() -> Cloud:
    """Kidneys and bladder, each of total weight 1; `region` indexes ORGANS."""
    rng = np.random.default_rng(SAMPLING_SEED + 1)
    found = []
    for index, name in enumerate(ORGANS):
        if name == "bladder":
            points = np.array(BLADDER_CENTRE) + _ball(ORGAN_POINTS, rng) * BLADDER_AXES
        else:
            centre, tilt = KIDNEYS[name]
            ball = _ball(ORGAN_POINTS, rng)
            ball /= np.linalg.norm(ball, axis=1, keepdims=True) ** 0.5
            points = ball * KIDNEY_AXES
            points[:, 0] += np.sin(np.radians(tilt)) * points[:, 2]
            points = points + centre
        found.append(_cloud(points, "trunk", index, 1 / ORGAN_POINTS))
    return joined(found)


def limb_axis(part: str) -> tuple[float, float]:
    """(x, y) of the vertical axis about which the soft tissue of a part grows."""
    limb, _, side = part.partition("_")
    if limb not in LIMBS:
        return (0.0, -8.0)
    start, end, *_ = LIMBS[limb]
    return ((start[0] + end[0]) / 2 * (1 if side == "l" else -1), (start[1] + end[1]) / 2)


def _cloud(points: Floats, part: str, region: int, weight: float) -> Cloud:
    count = len(points)
    return Cloud(points, np.full(count, weight), np.full(count, PARTS.index(part)), np.full(count, region))


def _ball(count: int, rng: np.random.Generator) -> Floats:
    direction = rng.normal(size=(count, 3))
    return np.asarray(direction / np.linalg.norm(direction, axis=1, keepdims=True) * rng.random((count, 1)) ** (1 / 3))


def _ellipsoid(
    centre: tuple[float, ...], axes: tuple[float, ...], rng: np.random.Generator, volume_per_point: float
) -> Floats:
    count = int(4 / 3 * np.pi * np.prod(axes) / volume_per_point)
    return np.asarray(centre + _ball(count, rng) * axes)


def _trunk(rng: np.random.Generator) -> Floats:
    fine = np.linspace(TRUNK[0, 0], TRUNK[-1, 0], 400)
    half, front, back = (np.interp(fine, TRUNK[:, 0], TRUNK[:, column]) for column in (1, 2, 3))
    area = np.pi * half * (back - front) / 2
    count = int(area.mean() * np.ptp(fine) / MM3_PER_POINT)
    slab = rng.choice(len(fine), size=count, p=area / area.sum())
    angle, radius = rng.random(count) * 2 * np.pi, np.sqrt(rng.random(count))
    x = half[slab] * radius * np.cos(angle)
    y = (front + back)[slab] / 2 + (back - front)[slab] / 2 * radius * np.sin(angle)
    return np.column_stack([x, y, fine[slab] + rng.random(count) * (fine[1] - fine[0])])


def _limb(limb: str, rng: np.random.Generator) -> Floats:
    """A tapering cylinder between two joints, left side."""
    start, end, first, last = LIMBS[limb]
    begin, along = np.array(start, dtype=float), np.subtract(end, start).astype(float)
    length = float(np.linalg.norm(along))
    count = int(np.pi * ((first + last) / 2) ** 2 * length * FLATNESS.get(limb, 1.0) / MM3_PER_POINT)
    share = rng.random(count)
    thick = first + (last - first) * share
    angle, radius = rng.random(count) * 2 * np.pi, np.sqrt(rng.random(count)) * thick
    across = np.cross(along / length, (1.0, 0.0, 0.0))
    across /= np.linalg.norm(across)
    sideways = radius * np.cos(angle)
    return np.asarray(
        begin
        + share[:, None] * along
        + sideways[:, None] * (1.0, 0.0, 0.0)
        + (radius * np.sin(angle) * FLATNESS.get(limb, 1.0))[:, None] * across
    )
