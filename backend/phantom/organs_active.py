"""Activity outside bone, kidneys and bladder that a study may show: gut, ureter, thyroid, stomach, liver, breast."""

from collections.abc import Callable

import numpy as np

from backend.phantom.clouds import PARTS, Cloud, Floats

POINTS = 500


def draw_organs(count: float, share: float, rng: np.random.Generator) -> list[Cloud]:
    """Some organs, each of total weight about `share` of the activity of bone and soft tissue."""
    names = rng.choice(list(_MAKERS), size=round(count))
    return [_MAKERS[str(name)](share * float(rng.lognormal(0, 0.6)), rng) for name in names]


def _blob(centres: Floats, radii: Floats, share: float, rng: np.random.Generator, part: str = "trunk") -> Cloud:
    """Points in the ellipsoids about some centres (n, 3)."""
    each = max(POINTS // len(centres), 40)
    ball = rng.normal(size=(len(centres), each, 3))
    ball *= rng.random((len(centres), each, 1)) ** (1 / 3) / np.linalg.norm(ball, axis=2, keepdims=True)
    points = (centres[:, None] + ball * radii).reshape(-1, 3)
    nowhere = np.zeros(len(points), dtype=np.int64)
    return Cloud(points, np.full(len(points), share / len(points)), nowhere + PARTS.index(part), nowhere)


def _gut(share: float, rng: np.random.Generator) -> Cloud:
    """A loop of bowel: a random walk in the abdomen."""
    start = np.array([rng.uniform(-90, 90), -40.0, rng.uniform(930, 1120)])
    steps = np.cumsum(rng.normal(0, 14, (24, 3)) + rng.normal(0, 7, 3), axis=0)
    centres = np.clip(start + steps, (-130, -90, 900), (130, 20, 1180))
    return _blob(centres, np.full(3, rng.uniform(6, 14)), share, rng)


def _ureter(share: float, rng: np.random.Generator) -> Cloud:
    side = float(rng.choice((-1, 1)))
    height = np.linspace(rng.uniform(880, 1000), rng.uniform(1010, 1110), 14)
    wander = np.cumsum(rng.normal(0, 2.5, 14))
    centres = np.column_stack([side * (28 + (height - 900) * 0.12) + wander, np.full(14, 20.0), height])
    return _blob(centres, np.array([3.0, 3.0, 8.0]), 0.25 * share, rng)


def _thyroid(share: float, rng: np.random.Generator) -> Cloud:
    centres = np.array([(side * 18.0, -45.0, 1455.0 + rng.normal(0, 5)) for side in (-1, 1)])
    return _blob(centres, np.array([9.0, 8.0, 20.0]), 0.4 * share, rng)


def _salivary(share: float, rng: np.random.Generator) -> Cloud:
    centres = np.array([(side * rng.uniform(35, 55), -20.0, rng.uniform(1510, 1545)) for side in (-1, 1)])
    return _blob(centres, np.array([12.0, 14.0, 18.0]), 0.4 * share, rng, "head")


def _stomach(share: float, rng: np.random.Generator) -> Cloud:
    centres = np.array([(70.0, -50.0, 1190.0), (50.0, -70.0, 1160.0), (20.0, -75.0, 1140.0)])
    return _blob(centres + rng.normal(0, 8, 3), np.array([28.0, 22.0, 26.0]), 2 * share, rng)


def _liver(share: float, rng: np.random.Generator) -> Cloud:
    centres = np.array([(-75.0, -30.0, 1215.0), (-40.0, -50.0, 1215.0), (10.0, -60.0, 1225.0)])
    return _blob(centres, np.array([55.0, 55.0, 50.0]) * rng.uniform(0.8, 1.2), 3 * share, rng)


def _spleen(share: float, rng: np.random.Generator) -> Cloud:
    return _blob(np.array([(115.0, 40.0, 1190.0)]), np.array([24.0, 32.0, 45.0]), share, rng)


def _breast(share: float, rng: np.random.Generator) -> Cloud:
    sides = (1.0, -1.0) if rng.random() < 0.7 else (float(rng.choice((-1, 1))),)
    centres = np.array([(side * 82.0, -140.0, 1260.0) for side in sides])
    return _blob(centres, np.full(3, rng.uniform(25, 60)), 1.5 * share, rng)


def _soft_mass(share: float, rng: np.random.Generator) -> Cloud:
    """Calcified or inflamed soft tissue, a scar, an effusion."""
    centre = np.array([[rng.uniform(-150, 150), rng.uniform(-60, 60), rng.uniform(500, 1450)]])
    return _blob(centre, rng.uniform(10, 60, 3), share, rng)


_MAKERS: dict[str, Callable[[float, np.random.Generator], Cloud]] = {
    "gut": _gut, "ureter": _ureter, "thyroid": _thyroid, "salivary": _salivary, "stomach": _stomach,
    "liver": _liver, "spleen": _spleen, "breast": _breast, "mass": _soft_mass,
}  # fmt: skip
