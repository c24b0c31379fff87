"""Varied studies: domain randomisation, so that a model trained on phantoms alone carries over to other scans.

A study depends on its seed and index alone. What comes out are scans as a hospital would send them (counts on the
camera's own matrix, or 8-bit pictures), which the product's own normalisation brings onto the grid, and the truth
there.
"""

import hashlib
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from scipy.ndimage import binary_fill_holes

from backend.phantom.acquisition import Matrix, detect, levels, picture
from backend.phantom.anatomy import Anatomy, bladder_cloud, kidney_cloud
from backend.phantom.bones import kind, skeleton
from backend.phantom.camera import Camera, Crop, Optics
from backend.phantom.clouds import Cloud, Floats
from backend.phantom.domains import Domain, draw_domain
from backend.phantom.footprint import footprint
from backend.phantom.organs_active import draw_organs
from backend.phantom.varied_findings import changed_bones, draw_benign, draw_lesions
from backend.records import PROJECTIONS, LabelMasks, Projection, ScanImage, SubImage, Visit, Window
from converters.grid import GRID_ROWS, GRID_SHAPE
from converters.regions import Mask

STREAM = 20_240_229
"""Keeps the studies of a seed apart from all other draws with that seed."""
REGIONS = {
    "spine": ("cervical", "thoracic", "lumbar", "sacrum"), "skull": ("skull", "jaw"),
    "chest": ("rib", "sternum", "scapula", "clavicle"),
    "limbs": ("humerus", "femur", "tibia", "fibula", "hand", "foot"),
}  # fmt: skip
GROWING = ("femur", "tibia", "humerus", "radius", "ulna", "fibula")
PLATE_MM = 9.0


@dataclass(frozen=True, eq=False)
class VariedStudy:
    """Two scans of one body and what is true of them.

    Attributes:
        scans: as a hospital would send them.
        truth: on the normalised grid, disjoint (the bladder wins).
    """

    domain: Domain
    scans: dict[Projection, ScanImage]
    truth: dict[Projection, LabelMasks]


def varied(seed: int, index: int) -> VariedStudy:
    """One study by itself: the same bytes whatever was made before, and in which process."""
    rng = np.random.default_rng([STREAM, seed, index])
    domain = draw_domain(rng)
    if domain.superscan:
        domain = replace(domain, diseased=True, soft_share=0.2, kidney_share=0.0005)
    anatomy = Anatomy(domain, rng)
    camera = _camera(domain, anatomy, rng)
    lesions = draw_lesions(domain, rng)
    expected, truth = {}, {}
    spots, others, bladder = _light(domain, anatomy, camera, lesions, rng)
    for projection in PROJECTIONS:
        total = others[projection] + bladder[projection].whole() + _sum(spots[projection])
        expected[projection] = np.maximum(total + camera.scatter(total), 0)
        truth[projection] = _truth(domain, spots[projection], bladder[projection], others[projection])
    counts = {projection: detect(expected[projection], domain, rng) for projection in PROJECTIONS}
    return _sent(f"varied-{seed}-{index}", domain, counts, truth, rng)


def _camera(domain: Domain, anatomy: Anatomy, rng: np.random.Generator) -> Camera:
    """The body on the matrix: cut at head or feet where the draw says so, otherwise with room about it."""
    optics = Optics(domain.blur, domain.gap, domain.attenuation, domain.scatter)
    skin = anatomy.place(anatomy.soft, soft=True)
    covered = Matrix.of(domain).transform
    length = float(np.ptp(skin[:, 2])) / domain.pixel_mm
    spare = GRID_ROWS - 2 * covered.row_offset - length
    top = covered.row_offset + domain.top * length
    if spare > 0 and domain.top > 0:
        top = covered.row_offset + spare * domain.top / 0.14 * float(rng.uniform(0.2, 1))
    return Camera(skin, domain.pixel_mm, top, domain.table_shift, optics)


def _light(
    domain: Domain, anatomy: Anatomy, camera: Camera, lesions: list[Cloud], rng: np.random.Generator
) -> tuple[dict[Projection, list[Crop]], dict[Projection, Floats], dict[Projection, Crop]]:
    """Expected counts without scatter: of each lesion, of all that is neither lesion nor bladder, of the bladder."""
    bones, _ = skeleton()
    uptake = bones.weight * _bone_factors(domain, rng) * changed_bones(domain, rng)
    level = (1 - domain.soft_share) / uptake.sum()
    soft = anatomy.soft
    patchy = _patchy(soft.points, domain.patchy, rng)
    parts: list[tuple[Floats, Floats]] = [
        (anatomy.place(bones), uptake * level),
        (anatomy.place(soft, soft=True), patchy * domain.soft_share / patchy.sum()),
    ]
    kidneys, bladder = kidney_cloud(domain), bladder_cloud(domain)
    full = 0.0 if domain.bladder_empty else domain.bladder_share
    others = [(kidneys, domain.kidney_share)]
    others += [(one, 1.0) for one in draw_organs(domain.organ_count, domain.organ_share, rng)]
    others += [(one, level) for one in draw_benign(domain, rng)]
    parts += [(anatomy.place(cloud), cloud.weight * unit) for cloud, unit in others]
    points, activity = np.concatenate([one[0] for one in parts]), np.concatenate([one[1] for one in parts])
    normal = {projection: camera.project(points, activity, projection) for projection in PROJECTIONS}
    seen = sum(float(image.sum()) for image in normal.values())
    factor = 2e6 * domain.counts / (1 + domain.scatter) / max(seen, 1e-9)
    places = [anatomy.place(one) for one in lesions]
    filled = anatomy.place(bladder)
    spots, held = {}, {}
    for projection in PROJECTIONS:
        spots[projection] = [
            camera.project_spot(place, factor * level * one.weight, projection)
            for place, one in zip(places, lesions, strict=True)
        ]
        held[projection] = camera.project_spot(filled, factor * full * bladder.weight, projection)
    return spots, {projection: factor * image for projection, image in normal.items()}, held


def _bone_factors(domain: Domain, rng: np.random.Generator) -> Floats:
    """(n,) how this study's uptake differs from the standard at each point of the skeleton."""
    cloud, names = skeleton()
    kinds = sorted({kind(name) for name in names})
    by_kind = dict(zip(kinds, rng.lognormal(0, domain.kind_spread, len(kinds)), strict=True))
    by_region = {name: getattr(domain, region) for region, members in REGIONS.items() for name in members}
    factor = np.array([by_kind[kind(name)] * by_region.get(kind(name), 1.0) for name in names])
    factor *= rng.lognormal(0, domain.bone_spread, len(names))
    lost = dict(zip(kinds, rng.random(len(kinds)) < domain.lost_bones, strict=True))
    factor *= np.array([0.05 if lost[kind(name)] else 1.0 for name in names])
    ends = _to_the_end()
    worn = domain.joints * rng.lognormal(0, 0.5, len(names))[cloud.region]
    grown = factor[cloud.region] * (1 + worn * np.exp(-((ends / 25.0) ** 2)))
    if domain.child:
        grown *= 1 + domain.growth * np.exp(-(((ends - 22.0) / PLATE_MM) ** 2))
    return np.asarray(grown * _patchy(cloud.points, domain.patchy / 2, rng))


@cache
def _to_the_end() -> Floats:
    """(n,) mm from each point of a long bone to its nearer end; far for all other bones."""
    cloud, names = skeleton()
    distance = np.full(len(cloud), 1e3)
    for index, name in enumerate(names):
        if kind(name) in GROWING:
            own = cloud.region == index
            height = cloud.points[own, 2]
            distance[own] = np.minimum(height - height.min(), height.max() - height)
    return distance


def _patchy(points: Floats, strength: float, rng: np.random.Generator) -> Floats:
    """(n,) a smooth random field about 1 over the points, ripples 8 to 40 cm long."""
    field = np.zeros(len(points))
    for _ in range(4):
        wave = rng.normal(size=3)
        wave *= 2 * np.pi / rng.uniform(80, 400) / np.linalg.norm(wave)
        field += np.cos(points @ wave + rng.uniform(0, 2 * np.pi))
    return np.asarray(np.exp(strength * field))


def _truth(domain: Domain, spots: list[Crop], bladder: Crop, others: Floats) -> LabelMasks:
    inside = Matrix.of(domain).inside()
    full = footprint(bladder, others)
    held = full.mask & inside if full.visible else np.zeros(GRID_SHAPE, dtype=np.bool_)
    drawn: Mask = np.zeros(GRID_SHAPE, dtype=np.bool_)
    behind = others + bladder.whole()
    for spot in spots:
        mark = footprint(spot, behind)
        if mark.visible:
            drawn |= _filled(mark.mask, spot) if domain.cold_centre > 0 else mark.mask
    return LabelMasks(drawn & inside & ~held, held)


def _filled(mask: Mask, spot: Crop) -> Mask:
    """A lesion with a cold centre is one lesion: nobody outlines its hole."""
    rows, columns = spot.counts.shape
    window = (slice(spot.row, spot.row + rows), slice(spot.column, spot.column + columns))
    mask[window] = binary_fill_holes(mask[window])
    return mask


def _sum(spots: list[Crop]) -> Floats:
    total = np.zeros(GRID_SHAPE)
    for spot in spots:
        rows, columns = spot.counts.shape
        total[spot.row : spot.row + rows, spot.column : spot.column + columns] += spot.counts
    return total


def _sent(
    name: str,
    domain: Domain,
    counts: dict[Projection, Floats],
    truth: dict[Projection, LabelMasks],
    rng: np.random.Generator,
) -> VariedStudy:
    """The scans as files would bring them."""
    scans = {}
    uppers = levels(counts, domain, rng)
    pixel_mm = domain.pixel_mm * Matrix.of(domain).transform.scale
    for projection in PROJECTIONS:
        image = counts[projection]
        masks = truth[projection]
        if domain.back_mirrored and projection == "posterior":
            image = image[:, ::-1]
            masks = LabelMasks(masks.metastasis[:, ::-1].copy(), masks.bladder[:, ::-1].copy())
            truth = {**truth, projection: masks}
        raw = image.astype(np.float32) if domain.raw_counts else None
        shown: dict[Window, SubImage] = {}
        if raw is None:
            shown = {window: picture(image, upper, domain, rng) for window, upper in uppers.items()}
        visit = Visit(patient=name, study=name, metastasis=bool(domain.diseased))
        scans[projection] = ScanImage(
            visit, projection, raw, shown, pixel_mm, hashlib.sha256(image.tobytes()).hexdigest()
        )
    return VariedStudy(domain, scans, truth)
