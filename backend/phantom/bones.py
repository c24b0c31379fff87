"""The skeleton: bone meshes put together once per process, then points in the bones with their tracer uptake.

Trunk, head and legs stand as the MuJoCo body model has them; the arms are placed by `arms`, from the bare meshes.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import mujoco
import musclemimic_models
import numpy as np
import trimesh
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from backend.phantom.arms import arm_bones
from backend.phantom.clouds import PARTS, SIDES, Cloud, Floats, Integers, joined

POINTS = 260_000
SAMPLING_SEED = 20_180_301
MIDLINE_X, CORONAL_Y, SOLE_Z = -25.0, 200.0, 55.0
"""mm in the body model's own frame: what becomes the origin."""
STERNUM_HALF_WIDTH = 24.0


@dataclass(frozen=True, eq=False)
class Surface:
    """One bone: its name, the part it moves with, vertices (n, 3) mm and triangles (m, 3)."""

    name: str
    part: str
    vertices: Floats
    triangles: Integers


UPTAKE = {
    "skull": 0.75, "jaw": 0.6, "cervical": 0.75, "thoracic": 1.1, "lumbar": 1.15, "sacrum": 1.8, "pelvis": 1.05,
    "rib": 0.72, "sternum": 2.0, "cartilage": 0.05, "clavicle": 0.7, "scapula": 0.42, "humerus": 0.55, "ulna": 0.4,
    "radius": 0.4, "hand": 0.16, "femur": 0.75, "patella": 0.7, "tibia": 0.6, "fibula": 0.35, "foot": 0.22,
}  # fmt: skip
"""Activity per surface area by kind of bone, relative."""
END_GAIN = {"humerus": 1.6, "femur": 0.8, "tibia": 0.7, "radius": 0.8, "ulna": 0.8, "fibula": 0.6}
"""Extra uptake towards the joints of long bones."""
DEPTH_MM = {"thoracic": 12.0, "lumbar": 14.0, "cervical": 6.0, "sacrum": 10.0, "femur": 6.0, "humerus": 6.0}
"""How far below the surface activity lies; 3 mm elsewhere."""


def kind(bone: str) -> str:
    """The kind of a bone from its name: `rib7_l` → `rib`."""
    return bone.split("_", maxsplit=1)[0].rstrip("0123456789")


DISC_MM = {"lumbar": 4.0, "thoracic": 1.5, "cervical": 2.0}
"""Spread along the spine: end plates take up more than the meshes' narrow bodies show."""

LONG_MM = 180.0


@cache
def skeleton() -> tuple[Cloud, tuple[str, ...]]:
    """The standard skeleton as a cloud (the same for ever) and the names that its `region` indexes."""
    surfaces = _surfaces()
    area = np.array([_areas(surface).sum() for surface in surfaces])
    counts = np.maximum(40, (POINTS * area / area.sum()).astype(int))
    rng = np.random.default_rng(SAMPLING_SEED)
    sampled = [_sample(surface, index, counts[index], rng) for index, surface in enumerate(surfaces)]
    return joined(sampled), tuple(surface.name for surface in surfaces)


def _surfaces() -> list[Surface]:
    central = _central_surfaces()
    top = {surface.name: surface.vertices for surface in central}["sternum"]
    notch = top[top[:, 2] > np.percentile(top[:, 2], 97)].mean(axis=0)
    arms = [
        Surface(bone.name, bone.part, bone.vertices, triangles)
        for side in SIDES
        for bone, triangles in arm_bones(_mesh, notch, side)
    ]
    return central + arms


def _mesh(name: str) -> tuple[Floats, Integers]:
    """Vertices in mm and triangles of one bone in its own frame (x forward, y up, z to the right)."""
    mesh = trimesh.load_mesh(Path(musclemimic_models.MODELS_DIR) / "meshes" / f"{name}.stl")
    return np.asarray(mesh.vertices, dtype=np.float64) * 1000, np.asarray(mesh.faces, dtype=np.int64)


def _central_surfaces() -> list[Surface]:
    """Trunk, head and legs in the model's standing pose; its arm definition is removed before it is compiled."""
    spec = mujoco.MjSpec.from_file(str(musclemimic_models.get_xml_path("myofullbody")))
    for side in SIDES:
        spec.delete(spec.body(f"clavicle_{side}"))
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    found: list[Surface] = []
    for geom in np.flatnonzero(model.geom_type == mujoco.mjtGeom.mjGEOM_MESH):
        mesh = model.geom_dataid[geom]
        first, count = model.mesh_vertadr[mesh], model.mesh_vertnum[mesh]
        local = model.mesh_vert[first : first + count].astype(np.float64)
        world = (local @ data.geom_xmat[geom].reshape(3, 3).T + data.geom_xpos[geom]) * 1000
        first, count = model.mesh_faceadr[mesh], model.mesh_facenum[mesh]
        name = mujoco.mj_id2name(model, mujoco.mjtObj.mjOBJ_MESH, mesh)
        vertices = world - (MIDLINE_X, CORONAL_Y, SOLE_Z)
        found += _named(name, vertices, model.mesh_face[first : first + count].astype(np.int64))
    return found


def _named(name: str, vertices: Floats, triangles: Integers) -> list[Surface]:
    if name.endswith("ribcage_s"):
        return _rib_cage(vertices, triangles)
    bone = name.rsplit("_geom_", 1)[-1].split("_", 1)[-1].removesuffix("_s") if "_geom_" in name else name
    if bone.startswith("hat_"):
        return [Surface(bone.removeprefix("hat_"), "trunk" if bone == "hat_cervical" else "head", vertices, triangles)]
    if bone[:2] not in ("r_", "l_"):
        return [Surface(bone, "trunk", vertices, triangles)]
    side, bone = bone.split("_")
    part = {"pelvis": "trunk", "femur": "thigh", "tibia": "shank", "fibula": "shank", "patella": "shank"}.get(
        bone, "foot"
    )
    named = bone if part != "foot" else "foot"
    return [Surface(f"{named}_{side}", part if part == "trunk" else f"{part}_{side}", vertices, triangles)]


def _rib_cage(vertices: Floats, triangles: Integers) -> list[Surface]:
    """The rib cage mesh taken apart: 12 pairs of ribs, sternum, cartilage; the heart inside it is left out."""
    edges = np.concatenate([triangles[:, :2], triangles[:, 1:]])
    links = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(len(vertices),) * 2)
    _, piece = connected_components(links, directed=False)
    ribs: dict[str, list[Floats]] = {"r": [], "l": []}
    found: list[Surface] = []
    pieces = {label: vertices[piece == label] for label in np.unique(piece)}
    front = min((label for label in pieces if np.ptp(pieces[label][:, 0]) > 200), key=lambda label: pieces[label].min())
    order = sorted((label for label in pieces if _is_rib(pieces[label])), key=lambda label: -pieces[label][:, 2].max())
    for label in order:
        side = "l" if pieces[label][:, 0].mean() > 0 else "r"
        ribs[side].append(pieces[label])
        faces = triangles[piece[triangles[:, 0]] == label]
        found.append(Surface(f"rib{len(ribs[side])}_{side}", "trunk", vertices, faces))
    plate = triangles[piece[triangles[:, 0]] == front]
    middle = np.abs(vertices[plate].mean(axis=1)[:, 0]) < STERNUM_HALF_WIDTH
    used = np.unique(plate[middle])
    renumbered = np.searchsorted(used, plate[middle])
    return [
        *found,
        Surface("sternum", "trunk", vertices[used], renumbered),
        Surface("cartilage", "trunk", vertices, plate[~middle]),
    ]


def _is_rib(vertices: Floats) -> bool:
    """A rib lies on one side, reaches the spine behind and is longer than a vessel of the heart."""
    return bool(np.abs(vertices[:, 0].mean()) > 25 and np.ptp(vertices[:, 0]) > 40 and vertices[:, 1].max() > 40)


def _areas(surface: Surface) -> Floats:
    corner = surface.vertices[surface.triangles]
    return np.asarray(np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1) / 2)


def _sample(surface: Surface, index: int, count: int, rng: np.random.Generator) -> Cloud:
    """Points uniform over the surface, sunk towards the bone's inside, each weighing its share of area × uptake."""
    areas = _areas(surface)
    chosen = surface.triangles[rng.choice(len(areas), size=count, p=areas / areas.sum())]
    first, second = rng.random((2, count))
    first, second = np.where(first + second > 1, (1 - first, 1 - second), (first, second))
    corner = surface.vertices[chosen]
    points = (
        corner[:, 0] + first[:, None] * (corner[:, 1] - corner[:, 0]) + second[:, None] * (corner[:, 2] - corner[:, 0])
    )
    points[:, 2] += rng.normal(0, DISC_MM.get(kind(surface.name), 0.0), count)
    upright = kind(surface.name) in DISC_MM or np.ptp(points[:, 2]) > LONG_MM
    points = _sink(points, DEPTH_MM.get(kind(surface.name), 3.0), rng, level=bool(upright))
    weight = areas.sum() / count * UPTAKE[kind(surface.name)] * _end_gain(surface.name, points[:, 2])
    return Cloud(points, weight, np.full(count, PARTS.index(surface.part)), np.full(count, index))


def _sink(points: Floats, depth: float, rng: np.random.Generator, *, level: bool) -> Floats:
    """Moves points towards the middle of their bone (`level`: its vertical axis) by a uniform share of `depth`."""
    middle = np.broadcast_to(points.mean(axis=0), points.shape).copy()
    if level:
        middle[:, 2] = points[:, 2]
    inward = middle - points
    distance = np.linalg.norm(inward, axis=1, keepdims=True) + 1e-9
    return np.asarray(points + inward / distance * np.minimum(distance, depth * rng.random((len(points), 1))))


def _end_gain(bone: str, height: Floats) -> Floats:
    gain = END_GAIN.get(kind(bone), 0.0)
    along = np.abs(2 * (height - height.min()) / max(float(np.ptp(height)), 1e-9) - 1)
    return np.asarray(1 + gain * np.clip((along - 0.7) / 0.3, 0, 1))
