"""What may differ from scan to scan when a model is to carry over to hospitals that no phantom resembles.

Every number of a varied study is a field of `Domain` with its range beside it; a study draws all of them afresh.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from typing import Any

import numpy as np

DOMAIN_VERSION = 1
"""Raised whenever the same ranges would give other studies; part of the digest."""


def _between(low: float, high: float, *, log: bool = False) -> Any:
    """A number between two bounds, uniform on its own scale or on the logarithm's."""
    return field(metadata={"between": (low, high), "log": log})


def _chance(share: float) -> Any:
    return field(metadata={"chance": share})


def _one_of(**shares: float) -> Any:
    return field(metadata={"one_of": shares})


@dataclass(frozen=True)
class Domain:
    """One study's draw. Lengths in mm, angles in degrees, shares of 1, counts in millions per projection."""

    # body
    child: bool = _chance(0.06)
    child_size: float = _between(0.55, 0.85)
    height: float = _between(0.86, 1.1)
    width: float = _between(0.84, 1.2)
    depth: float = _between(0.8, 1.2)
    girth: float = _between(0.8, 1.6, log=True)
    limb_girth: float = _between(0.82, 1.25, log=True)
    scoliosis: float = _between(-22.0, 22.0)
    scoliosis_height: float = _between(1000.0, 1350.0)
    scoliosis_length: float = _between(70.0, 180.0)
    kyphosis: float = _between(0.0, 70.0)
    shrunken: float = _between(0.0, 60.0)
    warp: float = _between(0.0, 16.0)
    breast_chance: float = _between(0.0, 1.0)
    breast_radius: float = _between(40.0, 85.0)

    # pose
    arms: str = _one_of(side=0.72, belly=0.12, raised=0.1, mixed=0.06)
    arms_away: float = _between(0.0, 16.0)
    legs_apart: float = _between(-2.0, 7.0)
    legs_turned: float = _between(-8.0, 22.0)
    head_turned: float = _between(-45.0, 45.0)
    head_tilted: float = _between(-10.0, 10.0)
    rolled: float = _between(-9.0, 9.0)
    table_turn: float = _between(-6.0, 6.0)
    table_shift: float = _between(-16.0, 16.0)
    travel: float = _between(0.94, 1.06)

    # camera and matrix
    counts: float = _between(0.08, 3.6, log=True)
    pixel_mm: float = _between(1.6, 3.4, log=True)
    aspect: float = _between(2.2, 5.2)
    native: float = _between(0.5, 2.2, log=True)
    grid_native: bool = _chance(0.55)
    top: float = _between(-0.07, 0.14)
    blur: float = _between(0.7, 1.6, log=True)
    gap: float = _between(-15.0, 110.0)
    attenuation: float = _between(0.008, 0.0145)
    scatter: float = _between(0.02, 0.35)
    background: float = _between(0.0, 0.06)
    smoothed: float = _between(-0.8, 1.1)

    # uptake
    soft_share: float = _between(0.2, 0.7)
    patchy: float = _between(0.0, 0.3)
    kind_spread: float = _between(0.1, 0.5)
    bone_spread: float = _between(0.04, 0.22)
    spine: float = _between(0.6, 1.7, log=True)
    skull: float = _between(0.4, 2.0, log=True)
    chest: float = _between(0.5, 1.6, log=True)
    limbs: float = _between(0.5, 1.8, log=True)
    joints: float = _between(0.0, 1.2)
    lost_bones: float = _between(-0.1, 0.14)
    growth: float = _between(1.0, 6.0)
    kidney_share: float = _between(0.0005, 0.06, log=True)
    kidney_balance: float = _between(-0.8, 0.8)
    kidney_missing: bool = _chance(0.07)
    kidney_drop: float = _between(-25.0, 60.0)
    bladder_empty: bool = _chance(0.07)
    bladder_share: float = _between(0.0015, 0.35, log=True)
    bladder_filling: float = _between(0.4, 2.4, log=True)
    bladder_length: float = _between(0.7, 1.5, log=True)
    bladder_aside: float = _between(-32.0, 32.0)
    bladder_up: float = _between(-14.0, 26.0)
    organ_count: float = _between(0.0, 5.0)
    organ_share: float = _between(0.001, 0.05, log=True)

    # findings
    diseased: bool = _chance(0.62)
    lesions: float = _between(1.0, 60.0, log=True)
    superscan: bool = _chance(0.04)
    clustered: float = _between(0.0, 0.6)
    lesion_radius: float = _between(3.0, 45.0, log=True)
    lesion_radius_spread: float = _between(0.1, 0.7)
    lesion_gain: float = _between(1.5, 40.0, log=True)
    lesion_gain_spread: float = _between(0.1, 0.8)
    lesion_length: float = _between(1.0, 2.5, log=True)
    beyond_bone: float = _between(0.0, 0.5)
    cold_centre: float = _between(-1.5, 0.6)
    benign: float = _between(0.0, 7.0)
    benign_gain: float = _between(1.0, 14.0, log=True)
    arthroplasty: bool = _chance(0.1)
    paget: bool = _chance(0.03)
    arthritis: bool = _chance(0.1)

    # artefacts
    metal: bool = _chance(0.15)
    motion: bool = _chance(0.06)
    motion_mm: float = _between(4.0, 30.0)
    uneven: float = _between(0.0, 0.08)
    dead_rows: bool = _chance(0.04)
    edge_lines: bool = _chance(0.06)

    # renderings
    raw_counts: bool = _chance(0.45)
    one_window: bool = _chance(0.3)
    by_maximum: bool = _chance(0.12)
    low_level: float = _between(0.45, 1.8, log=True)
    high_level: float = _between(1.3, 4.0, log=True)
    gamma: float = _between(0.6, 1.5, log=True)
    cut_below: float = _between(-0.06, 0.06)
    compressed: bool = _chance(0.35)
    quality: float = _between(55.0, 95.0)
    resized: bool = _chance(0.4)
    resize: float = _between(0.6, 2.0, log=True)
    lettering: bool = _chance(0.25)
    framed: bool = _chance(0.1)
    back_mirrored: bool = _chance(0.05)


def draw_domain(rng: np.random.Generator) -> Domain:
    """All numbers of one study, each within its range."""
    return Domain(**{one.name: _draw(one, rng) for one in fields(Domain)})


def ranges() -> dict[str, Mapping[str, Any]]:
    """Per number of `Domain` what it is drawn from: `between` two bounds, with a `chance`, or `one_of` words."""
    return {one.name: dict(one.metadata) for one in fields(Domain)}


def domain_digest() -> str:
    """SHA-256 (hex) of the ranges and the maker's version: the same digest gives the same studies."""
    content = {"version": DOMAIN_VERSION, "ranges": ranges()}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _draw(one: Field[Any], rng: np.random.Generator) -> Any:
    kind = one.metadata
    if "chance" in kind:
        return bool(rng.random() < kind["chance"])
    if "one_of" in kind:
        words: Sequence[str] = list(kind["one_of"])
        return str(rng.choice(words, p=list(kind["one_of"].values())))
    low, high = kind["between"]
    value = float(np.exp(rng.uniform(np.log(low), np.log(high))) if kind["log"] else rng.uniform(low, high))
    return min(max(value, low), high)
