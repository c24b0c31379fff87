"""One body: the standard clouds scaled to a patient and posed on the table."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from backend.phantom.clouds import PARTS, SIDES, Cloud, Floats, rotation
from backend.phantom.tissue import limb_axis

NECK, SHOULDER, ELBOW, WRIST = (0.0, 20.0, 1510.0), (155.0, 16.0, 1405.0), (170.0, 12.0, 1115.0), (184.0, 14.0, 862.0)
HIP, KNEE, ANKLE = (84.0, -16.0, 872.0), (85.0, -22.0, 470.0), (80.0, -22.0, 75.0)
"""Joint centres of the left side, mm."""
JOINTS = {"arm": SHOULDER, "forearm": ELBOW, "hand": WRIST, "thigh": HIP, "shank": KNEE, "foot": ANKLE}
"""Where each limb hangs from."""


@dataclass(frozen=True)
class Build:
    """How a patient differs from the standard body: skeleton scale per axis, and soft tissue's girth on top."""

    width: float = 1.0
    depth: float = 1.0
    height: float = 1.0
    girth: float = 1.0


@dataclass(frozen=True, eq=False)
class Pose:
    """Per part a rotation (14, 3, 3) and a shift (14, 3), in standard millimetres."""

    turn: Floats
    shift: Floats


def draw_build(rng: np.random.Generator, sex: str) -> Build:
    height = rng.normal(1.0 if sex == "M" else 0.945, 0.03)
    width = height * rng.normal(1.0, 0.03)
    return Build(width, height * rng.normal(1.0, 0.03), height, float(np.clip(rng.normal(1.07, 0.1), 0.88, 1.35)))


def draw_pose(rng: np.random.Generator, girth: float) -> Pose:
    """A patient lying on the back: head a little turned, arms beside the body, feet falling outwards."""
    turn, shift = np.tile(np.eye(3), (len(PARTS), 1, 1)), np.zeros((len(PARTS), 3))
    _swing(turn, shift, "head", NECK, rotation(2, rng.normal(0, 8)) @ rotation(1, rng.normal(0, 2.5)))
    for side in SIDES:
        mirror = 1.0 if side == "l" else -1.0
        away = 3 + 28 * max(girth - 1.0, 0.0) + rng.uniform(0, 8)
        bent = rng.uniform(-12, 3)
        angles = {
            "arm": rotation(1, -mirror * away),
            "forearm": rotation(1, -mirror * (bent - away / 2)),
            "hand": rotation(1, -mirror * rng.uniform(-10, 6)) @ rotation(2, mirror * rng.uniform(-40, 25)),
            "thigh": rotation(1, -mirror * rng.uniform(0, 5)) @ rotation(2, mirror * rng.uniform(0, 12)),
            "shank": rotation(1, -mirror * rng.uniform(-3, 1)),
            "foot": rotation(2, mirror * rng.uniform(5, 25)) @ rotation(0, rng.uniform(15, 40)),
        }
        _bend(turn, shift, side, angles)
    return Pose(turn, shift)


def pose_of(head: Floats, limbs: Mapping[str, Mapping[str, Floats]]) -> Pose:
    """A pose from rotations (3, 3): the head's, and per side (`r`, `l`) each limb's relative to the limb above it."""
    turn, shift = np.tile(np.eye(3), (len(PARTS), 1, 1)), np.zeros((len(PARTS), 3))
    _swing(turn, shift, "head", NECK, head)
    for side, angles in limbs.items():
        _bend(turn, shift, side, angles)
    return Pose(turn, shift)


def _bend(turn: Floats, shift: Floats, side: str, angles: Mapping[str, Floats]) -> None:
    """Turns each limb of one side, and all that hangs from it, about the limb's upper joint."""
    for chain in (("arm", "forearm", "hand"), ("thigh", "shank", "foot")):
        for position, limb in enumerate(chain):
            joint = np.multiply(JOINTS[limb], (1.0 if side == "l" else -1.0, 1, 1))
            for later in chain[position:]:
                _swing(turn, shift, f"{later}_{side}", _moved(turn, shift, f"{limb}_{side}", joint), angles[limb])


def _moved(turn: Floats, shift: Floats, part: str, point: Floats) -> Floats:
    index = PARTS.index(part)
    return np.asarray(turn[index] @ point + shift[index])


def _swing(turn: Floats, shift: Floats, part: str, joint: Floats | tuple[float, ...], by: Floats) -> None:
    """Adds a rotation about a joint (given where it is now) to what a part already does."""
    index = PARTS.index(part)
    turn[index] = by @ turn[index]
    shift[index] = by @ (shift[index] - joint) + joint


def posed(cloud: Cloud, build: Build, pose: Pose, *, soft: bool = False) -> Floats:
    """(n, 3) mm: the cloud's points in this body; `soft` clouds grow with the girth."""
    points = cloud.points
    if soft:
        axis = np.array([(*limb_axis(part), 0.0) for part in PARTS])[cloud.part]
        points = axis + (points - axis) * (build.girth, build.girth, 1.0)
    moved = np.empty_like(points)
    for index in range(len(PARTS)):
        chosen = cloud.part == index
        moved[chosen] = points[chosen] @ pose.turn[index].T + pose.shift[index]
    return np.asarray(moved * (build.width, build.depth, build.height))
