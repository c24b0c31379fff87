"""One varied body on the table: the standard clouds scaled, posed, bent and turned as a domain says."""

from dataclasses import replace

import numpy as np

from backend.phantom.body import Build, Pose, pose_of, posed
from backend.phantom.clouds import PARTS, SIDES, Cloud, Floats, joined, rotation
from backend.phantom.domains import Domain
from backend.phantom.tissue import BLADDER_CENTRE, MM3_PER_POINT, ORGANS, organs, soft_tissue

PIVOT = np.array([0.0, 0.0, 950.0])
"""About this the whole body is turned on the table, mm."""
HIPS, SHOULDERS, CROWN = 900.0, 1400.0, 1700.0
BREAST = (78.0, -118.0, 1265.0)


class Anatomy:
    """A body; `place` puts any cloud of the standard body into it.

    Args:
        domain: of the study.
        rng: for what the domain leaves to chance in the pose.
    """

    def __init__(self, domain: Domain, rng: np.random.Generator) -> None:
        size = domain.height * (domain.child_size if domain.child else 1.0)
        self._build = Build(size * domain.width, size * domain.depth, size * domain.travel, domain.girth)
        self._pose = _pose(domain, rng)
        self._domain = domain
        self._turn = rotation(1, domain.table_turn) @ rotation(2, domain.rolled)
        self._waves = rng.normal(size=(6, 3)), rng.uniform(0, 2 * np.pi, 6), rng.uniform(150, 500, 6)
        self._soft = joined([soft_tissue(), *_breasts(domain, rng)])

    @property
    def soft(self) -> Cloud:
        """The soft tissue of this body, before it is placed."""
        return self._soft

    def place(self, cloud: Cloud, *, soft: bool = False) -> Floats:
        """(n, 3) mm: where the cloud's points lie before the camera; `soft` clouds grow with the girth."""
        points = posed(self._thick(cloud) if soft else cloud, self._build, self._pose, soft=soft)
        return np.asarray((self._bent(points) - PIVOT) @ self._turn.T + PIVOT)

    def _thick(self, cloud: Cloud) -> Cloud:
        """Limbs grow by their own girth: what `posed` will do to them is set off here."""
        limbs = cloud.part >= PARTS.index("arm_r")
        points = cloud.points.copy()
        axis = np.zeros((len(cloud), 2))
        for index in range(PARTS.index("arm_r"), len(PARTS)):
            chosen = cloud.part == index
            axis[chosen] = points[chosen, :2].mean(axis=0) if chosen.any() else 0.0
        factor = self._domain.limb_girth / np.sqrt(self._build.girth)
        points[limbs, :2] = axis[limbs] + (points[limbs, :2] - axis[limbs]) * factor
        return replace(cloud, points=points)

    def _bent(self, points: Floats) -> Floats:
        """A trunk bent sideways and forwards, smoothly, nothing below the hips."""
        domain, scale = self._domain, self._build.height
        x, y, z = points.T / np.array([1.0, 1.0, scale])[:, None]
        along = np.clip((z - HIPS) / (SHOULDERS - HIPS), 0, 1.4)
        bump = np.exp(-(((z - domain.scoliosis_height) / domain.scoliosis_length) ** 2))
        counter = np.exp(
            -(((z - domain.scoliosis_height + 2 * domain.scoliosis_length) / domain.scoliosis_length) ** 2)
        )
        x = x + domain.scoliosis * (bump - 0.5 * counter * (z > HIPS - 60))
        y = y - domain.kyphosis * along**2
        z = z - domain.shrunken * np.clip(along, 0, 1)
        return np.column_stack([x, y, z * scale]) + self._waved(points)

    def _waved(self, points: Floats) -> Floats:
        """(n, 3) mm: small smooth shifts across and along the body, so that no two skeletons have one shape."""
        moved = np.zeros_like(points)
        for number, (wave, phase, length) in enumerate(zip(*self._waves, strict=True)):
            along = points @ (wave * (2 * np.pi / length / np.linalg.norm(wave)))
            moved[:, 2 * (number % 2)] += self._domain.warp / 3 * np.sin(along + phase)
        return moved


def bladder_cloud(domain: Domain) -> Cloud:
    """The bladder of unit weight, as full, as long and as far off its place as the domain says."""
    cloud = organs()
    bladder = cloud[cloud.region == ORGANS.index("bladder")]
    length = domain.bladder_filling * domain.bladder_length
    size = np.array([domain.bladder_filling, min(domain.bladder_filling, 1.5), length])
    centre = np.add(BLADDER_CENTRE, (domain.bladder_aside, 0.0, domain.bladder_up + 18 * max(length - 1, 0)))
    return replace(bladder, points=(bladder.points - BLADDER_CENTRE) * size + centre)


def kidney_cloud(domain: Domain) -> Cloud:
    """Both kidneys, unequal, dropped, or one of them missing; the weights together make 2."""
    cloud = organs()
    kidneys = cloud[cloud.region != ORGANS.index("bladder")]
    right = kidneys.region == ORGANS.index("kidney_r")
    share = np.where(right, 1 + domain.kidney_balance, 1 - domain.kidney_balance)
    if domain.kidney_missing:
        share = np.where(right == (domain.kidney_balance > 0), 2.0, 0.0)
    points = (
        kidneys.points
        - np.array([0.0, 0.0, 1.0]) * np.where(right, domain.kidney_drop, 0.3 * domain.kidney_drop)[:, None]
    )
    return replace(kidneys, points=points, weight=kidneys.weight * share)


def _breasts(domain: Domain, rng: np.random.Generator) -> list[Cloud]:
    if domain.breast_chance < 0.55 or domain.child:
        return []
    count = int(4 / 3 * np.pi * domain.breast_radius**3 * 0.5 / MM3_PER_POINT)
    found = []
    for mirror in (1.0, -1.0):
        ball = rng.normal(size=(count, 3))
        ball *= rng.random((count, 1)) ** (1 / 3) / np.linalg.norm(ball, axis=1, keepdims=True)
        centre = np.array(BREAST) * (mirror, 1, 1) + (mirror * 12 * (domain.breast_chance - 0.55), 0.0, 0.0)
        points = centre + ball * domain.breast_radius * (0.95, 0.6, 0.95)
        nowhere = np.zeros(count, dtype=np.int64)
        found.append(Cloud(points, np.ones(count), nowhere, nowhere))
    return found


def _pose(domain: Domain, rng: np.random.Generator) -> Pose:
    limbs = {}
    for side in SIDES:
        mirror = 1.0 if side == "l" else -1.0
        arms = domain.arms if domain.arms != "mixed" else str(rng.choice(["side", "belly", "raised"]))
        away = domain.arms_away + 26 * max(domain.girth - 1.0, 0.0) + rng.uniform(0, 6)
        limbs[side] = {
            **_ARMS[arms](mirror, away, rng),
            "thigh": rotation(1, -mirror * domain.legs_apart)
            @ rotation(2, mirror * (domain.legs_turned + rng.uniform(-5, 5))),
            "shank": rotation(1, -mirror * rng.uniform(-4, 2)),
            "foot": rotation(2, mirror * rng.uniform(0, 30)) @ rotation(0, rng.uniform(10, 45)),
        }
    return pose_of(rotation(2, domain.head_turned) @ rotation(1, domain.head_tilted), limbs)


def _at_the_side(mirror: float, away: float, rng: np.random.Generator) -> dict[str, Floats]:
    return {
        "arm": rotation(1, -mirror * away),
        "forearm": rotation(1, -mirror * (rng.uniform(-14, 6) - away / 2)),
        "hand": rotation(1, -mirror * rng.uniform(-15, 10)) @ rotation(2, mirror * rng.uniform(-70, 40)),
    }


def _on_the_belly(mirror: float, away: float, rng: np.random.Generator) -> dict[str, Floats]:
    return {
        "arm": rotation(1, -mirror * (away + rng.uniform(3, 10))),
        "forearm": rotation(2, -mirror * rng.uniform(30, 60)) @ rotation(0, -rng.uniform(50, 75)),
        "hand": rotation(1, mirror * rng.uniform(0, 25)),
    }


def _raised(mirror: float, away: float, rng: np.random.Generator) -> dict[str, Floats]:
    return {
        "arm": rotation(1, -mirror * rng.uniform(125, 165)),
        "forearm": rotation(1, -mirror * rng.uniform(20, 80)),
        "hand": rotation(1, -mirror * rng.uniform(-15, 25)),
    }


_ARMS = {"side": _at_the_side, "belly": _on_the_belly, "raised": _raised}
