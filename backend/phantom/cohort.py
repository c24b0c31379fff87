"""Studies: one body, two heads, counts and truth. Any study can be made without the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from backend.phantom.body import Build, Pose, draw_build, draw_pose, posed
from backend.phantom.bones import kind, skeleton
from backend.phantom.camera import SCATTER_SHARE, Camera, Crop
from backend.phantom.clouds import Cloud, Floats
from backend.phantom.findings import draw_look_alikes, draw_metastases
from backend.phantom.footprint import Footprint, footprint
from backend.phantom.patients import Patient, draw_patient, schedule, stream
from backend.phantom.preset import Preset
from backend.phantom.tissue import BLADDER_CENTRE, ORGANS, organs, soft_tissue
from backend.records import PROJECTIONS, Projection, Visit
from converters.grid import GRID_SHAPE
from converters.regions import LABELS, Label, Mask

PIXEL_MM = {"site-A": 2.26, "site-B": 2.4, "site-C": 2.33}
SOFT_SHARE = (0.4, 0.56)
"""Soft tissue's share of the activity of bone and soft tissue."""
KIDNEY_SHARE = (0.004, 0.02)
BLADDER_SHARE = (0.006, 0.14)
COUNT_GRID = 2.0**-16
"""Expected counts are rounded to this before counting, so that a processor's last bits do not show."""
STRENGTHENED = 1.5
"""A patient with metastases has at least one that can be seen: all are strengthened by this until it is so."""


@dataclass(frozen=True, eq=False)
class PhantomProjection:
    """One projection of one study.

    Attributes:
        counts: (1024, 256) int32 detector counts.
        pixel_mm: size of a pixel.
        truth: (1024, 256) visible pixels of each label, disjoint (the bladder wins).
        lesions: footprint of each visible metastasis, before the bladder wins.
        benign: footprint of each visible look-alike.
        expected: (1024, 256) mean counts that the Poisson counts are drawn from.
    """

    counts: NDArray[np.int32]
    pixel_mm: float
    truth: dict[Label, Mask]
    lesions: tuple[Footprint, ...]
    benign: tuple[Footprint, ...]
    expected: Floats

    @property
    def look_alikes(self) -> tuple[Mask, ...]:
        return tuple(mark.mask for mark in self.benign)


@dataclass(frozen=True, eq=False)
class PhantomStudy:
    visit: Visit
    projections: dict[Projection, PhantomProjection]
    preset: Preset


@dataclass(frozen=True, eq=False)
class _Scene:
    """A posed body before a camera, with the activity that every study has."""

    build: Build
    pose: Pose
    camera: Camera
    uptake: Floats
    per_unit: float
    """Counts per unit of bone activity."""


def cohort(preset: Preset, studies: int, seed: int) -> Iterator[PhantomStudy]:
    """The first `studies` studies of the cohort that preset and seed name; a shorter cohort is a longer one's start."""
    for patient, visit in schedule(preset, studies, seed):
        yield generate(preset, seed, patient, visit)


def generate(preset: Preset, seed: int, index: int, visit: int = 0) -> PhantomStudy:
    """One study by itself: the same bytes whatever was made before, and in which process."""
    patient = draw_patient(preset, seed, index, visit)
    metastases = [finding.cloud() for finding in draw_metastases(preset, patient, stream(preset, seed, index, 3))]
    benign = [finding.cloud() for finding in draw_look_alikes(preset, patient, stream(preset, seed, index, 4))]
    rng = stream(preset, seed, index, 5, visit)
    scene, normal, bladder = _stage(preset, patient, stream(preset, seed, index, 6), rng)
    spots = {projection: [_spot(cloud, scene, projection) for cloud in benign] for projection in PROJECTIONS}
    healthy = {projection: normal[projection] + bladder[projection] for projection in PROJECTIONS}
    others = {projection: healthy[projection] + _sum(spots[projection]) for projection in PROJECTIONS}
    lesions = _visible_lesions(metastases, scene, others)
    projections = {}
    for projection in PROJECTIONS:
        marks = _footprints(lesions[projection], others[projection])
        full = footprint(Crop(0, 0, bladder[projection]), others[projection] - bladder[projection])
        expected = others[projection] + _sum(lesions[projection])
        expected = np.round((expected + scene.camera.scatter(expected)) / COUNT_GRID) * COUNT_GRID
        projections[projection] = PhantomProjection(
            counts=rng.poisson(expected).astype(np.int32),
            pixel_mm=scene.camera.pixel_mm,
            truth=_truth(marks, full),
            lesions=marks,
            benign=_footprints(spots[projection], healthy[projection]),
            expected=expected,
        )
    return PhantomStudy(patient.visit, projections, preset)


def _stage(
    preset: Preset, patient: Patient, own: np.random.Generator, rng: np.random.Generator
) -> tuple[_Scene, dict[Projection, Floats], dict[Projection, Floats]]:
    """The body before the camera, its normal counts and its bladder's; `own` is the patient's, `rng` the visit's."""
    bones, names = skeleton()
    build = draw_build(own, patient.sex)
    uptake = bones.weight * _bone_variation(names, own)[bones.region]
    pose = draw_pose(rng, build.girth)
    skin = posed(soft_tissue(), build, pose, soft=True)
    pixel_mm = PIXEL_MM[str(patient.visit.site)]
    camera = Camera(skin, pixel_mm, float(rng.uniform(50, 90)), float(rng.normal(0, 2)))
    shares = (rng.uniform(*SOFT_SHARE), _log_uniform(KIDNEY_SHARE, rng), _log_uniform(BLADDER_SHARE, rng))
    soft = soft_tissue().weight
    level = ((1 - shares[0]) / uptake.sum(), shares[0] / soft.sum())
    points = np.concatenate([posed(bones, build, pose), skin])
    activity = np.concatenate([uptake * level[0], soft * level[1]])
    (kidneys, kidney_weight), bladder_cloud = _kidneys(own), _bladder(float(rng.uniform(0.75, 1.25)))
    normal, bladder = {}, {}
    for projection in PROJECTIONS:
        spot = camera.project_spot(posed(kidneys, build, pose), kidney_weight * shares[1], projection)
        normal[projection] = camera.project(points, activity, projection) + spot.whole()
        spot = camera.project_spot(posed(bladder_cloud, build, pose), bladder_cloud.weight * shares[2], projection)
        bladder[projection] = spot.whole()
    factor = (
        2e6
        / (1 + SCATTER_SHARE)
        * _log_uniform(preset.counts, rng)
        / float(sum(image.sum() for image in normal.values()))
    )
    normal = {projection: factor * image for projection, image in normal.items()}
    bladder = {projection: factor * image for projection, image in bladder.items()}
    return _Scene(build, pose, camera, uptake, factor * level[0]), normal, bladder


def _kidneys(own: np.random.Generator) -> tuple[Cloud, Floats]:
    """Both kidneys, seldom equally active."""
    cloud = organs()
    kidneys = cloud[cloud.region != ORGANS.index("bladder")]
    return kidneys, kidneys.weight * np.where(kidneys.region == 0, own.uniform(0.6, 1.4), 1.0)


def _bladder(filling: float) -> Cloud:
    """The bladder as full as it is this time: `filling` scales its diameter."""
    cloud = organs()
    bladder = cloud[cloud.region == ORGANS.index("bladder")]
    return replace(bladder, points=(bladder.points - BLADDER_CENTRE) * filling + BLADDER_CENTRE)


def _bone_variation(names: Sequence[str], rng: np.random.Generator) -> Floats:
    """How this patient's bones differ in uptake: by kind of bone, and a little from bone to bone."""
    kinds = sorted({kind(name) for name in names})
    by_kind = dict(zip(kinds, rng.lognormal(0, 0.18, len(kinds)), strict=True))
    return np.array([by_kind[kind(name)] for name in names]) * rng.lognormal(0, 0.07, len(names))


def _spot(cloud: Cloud, scene: _Scene, projection: Projection) -> Crop:
    return scene.camera.project_spot(posed(cloud, scene.build, scene.pose), cloud.weight * scene.per_unit, projection)


def _visible_lesions(
    lesions: Sequence[Cloud], scene: _Scene, others: dict[Projection, Floats]
) -> dict[Projection, list[Crop]]:
    """The lesions' expected counts per projection, strengthened until one of them can be seen."""
    spots = {projection: [_spot(cloud, scene, projection) for cloud in lesions] for projection in PROJECTIONS}
    while lesions and not any(_footprints(spots[projection], others[projection]) for projection in PROJECTIONS):
        spots = {p: [replace(spot, counts=spot.counts * STRENGTHENED) for spot in spots[p]] for p in PROJECTIONS}
    return spots


def _footprints(spots: Sequence[Crop], others: Floats) -> tuple[Footprint, ...]:
    marks = (footprint(spot, others, number) for number, spot in enumerate(spots))
    return tuple(mark for mark in marks if mark.visible)


def _truth(lesions: Sequence[Footprint], bladder: Footprint) -> dict[Label, Mask]:
    masks: dict[Label, Mask] = {label: np.zeros(GRID_SHAPE, dtype=np.bool_) for label in LABELS}
    if bladder.visible:
        masks["bladder"] |= bladder.mask
    for mark in lesions:
        masks["metastasis"] |= mark.mask
    masks["metastasis"] &= ~masks["bladder"]
    return masks


def _sum(spots: Sequence[Crop]) -> Floats:
    return np.asarray(sum((spot.whole() for spot in spots), start=np.zeros(GRID_SHAPE)))


def _log_uniform(bounds: tuple[float, float], rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(*np.log(bounds))))
