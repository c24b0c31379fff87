"""A body of another make: straight pieces and ellipses of our own, no bone mesh, other proportions.

Lengths are shares of the body's height: x to the image's right in the anterior view, z from the crown down.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class Piece:
    """A rod from one end to the other (an ellipse where `round`: centre, then half axes), seen from front and back.

    `uptake` is relative to the thigh bone; `bone` says whether a lesion may lie in it.
    """

    first: tuple[float, float]
    second: tuple[float, float]
    width: float
    uptake: float
    front: float = 1.0
    back: float = 1.0
    bone: bool = True
    round: bool = False


@dataclass(frozen=True)
class Proportions:
    """Half widths and heights of one body."""

    shoulder: float
    hip: float
    chest: float
    waist: float
    crotch: float
    knee: float
    arm_out: float
    ribs: int
    vertebrae: int
    thickness: float
    lean: float


def draw_proportions(rng: np.random.Generator) -> Proportions:
    return Proportions(
        shoulder=rng.uniform(0.085, 0.14),
        hip=rng.uniform(0.05, 0.09),
        chest=rng.uniform(0.07, 0.11),
        waist=rng.uniform(0.38, 0.46),
        crotch=rng.uniform(0.5, 0.58),
        knee=rng.uniform(0.7, 0.77),
        arm_out=rng.uniform(0.02, 0.1),
        ribs=int(rng.integers(7, 13)),
        vertebrae=int(rng.integers(14, 25)),
        thickness=rng.uniform(0.7, 1.4),
        lean=rng.uniform(-0.03, 0.03),
    )


def pieces(of: Proportions, rng: np.random.Generator) -> list[Piece]:
    """Every piece of one body but lesions, look-alikes and bladder."""
    found = [*_soft(of, rng), *_middle(of, rng)]
    for side in (1.0, -1.0):
        found += [*_half(of, side, rng)]
    return found


def _soft(of: Proportions, rng: np.random.Generator) -> Iterator[Piece]:
    level = rng.uniform(0.06, 0.3)
    yield Piece((0, 0.07), (0.055, 0.075), 0, level, bone=False, round=True)
    chest, waist, hips = of.chest + 0.035, of.chest + 0.015, of.hip + 0.04
    for z, axes in ((0.25, (chest, 0.13)), (of.waist, (waist, 0.12)), (of.crotch - 0.03, (hips, 0.09))):
        yield Piece((0, z), axes, 0, 1.4 * level, bone=False, round=True)
    for side in (1.0, -1.0):
        yield Piece((side * of.hip, of.crotch), (side * of.hip * 0.9, 0.97), 0.035, 0.8 * level, bone=False)
        yield Piece(
            (side * of.shoulder, 0.19), (side * (of.shoulder + of.arm_out), 0.5), 0.022, 0.6 * level, bone=False
        )


def _middle(of: Proportions, rng: np.random.Generator) -> Iterator[Piece]:
    yield Piece((0, 0.062), (0.043, 0.06), 0, rng.uniform(0.4, 1.2), round=True)
    yield Piece((-0.02, 0.115), (0.02, 0.115), 0.012, rng.uniform(0.3, 1.0))
    edges = np.linspace(0.13, of.crotch - 0.07, of.vertebrae + 1)
    for upper, lower in pairwise(edges):
        bend = of.lean * np.sin(4 * (upper - 0.13))
        width = (0.008 + 0.012 * (upper - 0.13) / 0.4) * of.thickness
        yield Piece((bend, upper + 0.003), (bend, lower - 0.003), width, rng.uniform(0.9, 1.7), 0.55, 1.2)
    yield Piece((0, of.crotch - 0.065), (0, of.crotch - 0.03), 0.024, 1.3, 0.5, 1.3)
    yield Piece((0, 0.19), (0, 0.29), 0.011, rng.uniform(0.6, 1.8), 1.0, 0.1)


def _half(of: Proportions, side: float, rng: np.random.Generator) -> Iterator[Piece]:
    thick = of.thickness
    for z in np.linspace(0.18, 0.33, of.ribs):
        out = of.chest * (0.75 + 0.25 * (z - 0.18) / 0.15)
        yield Piece((side * 0.012, z), (side * out, z + 0.028), 0.0045 * thick, 0.6, 0.5, 1.0)
        yield Piece((side * out, z + 0.028), (side * 0.02, z + 0.05), 0.0045 * thick, 0.5, 1.0, 0.4)
    yield Piece((side * 0.01, 0.183), (side * of.shoulder, 0.17), 0.006 * thick, 0.8, 1.0, 0.4)
    yield Piece((side * of.shoulder * 0.6, 0.2), (side * of.shoulder * 0.8, 0.26), 0.012 * thick, 0.6, 0.4, 1.0)
    elbow, wrist = of.shoulder + of.arm_out * 0.5, of.shoulder + of.arm_out
    yield from _rod((side * of.shoulder, 0.185), (side * elbow, 0.35), 0.009 * thick, 0.5, rng)
    yield from _rod((side * elbow, 0.355), (side * wrist, 0.48), 0.008 * thick, 0.35, rng)
    yield Piece((side * wrist, 0.49), (side * wrist, 0.54), 0.014, 0.2, bone=False)
    rim = of.crotch - 0.075
    yield Piece((side * 0.018, rim + 0.02), (side * of.hip, rim), 0.012 * thick, 1.2, 0.9, 1.1)
    yield Piece((side * of.hip, rim), (side * of.hip * 0.95, of.crotch - 0.01), 0.012 * thick, 1.1)
    yield Piece((side * of.hip * 0.9, of.crotch), (side * 0.012, of.crotch + 0.015), 0.009 * thick, 0.8)
    yield from _rod((side * of.hip, of.crotch - 0.005), (side * of.hip * 0.85, of.knee), 0.012 * thick, 0.7, rng)
    yield from _rod((side * of.hip * 0.85, of.knee + 0.008), (side * of.hip * 0.8, 0.95), 0.01 * thick, 0.6, rng)
    yield Piece((side * of.hip * 0.8, 0.965), (side * of.hip * 1.1, 0.985), 0.012, 0.3, bone=False)
    yield Piece(
        (side * 0.052, of.waist - 0.03), (0.018, 0.03), 0, rng.uniform(0.1, 2.0), 0.25, 1.0, bone=False, round=True
    )


def _rod(
    first: tuple[float, float], second: tuple[float, float], width: float, uptake: float, rng: np.random.Generator
) -> Iterator[Piece]:
    """A long bone and its two ends, hotter than the shaft."""
    yield Piece(first, second, width, uptake)
    for x, z in (first, second):
        yield Piece((x, z), (1.6 * width, 1.2 * width), 0, uptake * rng.uniform(0.5, 2.5), bone=False, round=True)
