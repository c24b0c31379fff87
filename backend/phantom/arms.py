"""The arms, joint by joint: bare bone meshes hung from the breastbone by rigid transforms of our own.

Nothing here comes from a published arm model; lengths are those of the meshes, angles and joints are ours.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from backend.phantom.clouds import Floats, Integers, rotation

Mesh = Callable[[str], tuple[Floats, Integers]]

STERNOCLAVICULAR = np.array([20.0, 6.0, 2.0])
"""From the jugular notch to the joint, mm (outwards, back, up)."""
SHOULDER_BELOW_ACROMION = np.array([10.0, 8.0, -36.0])
ELBOW_ANGLE, WRIST_PRONATION = 8.0, 90.0
FINGERS = {"2": (13.0, 6.0), "3": (2.0, 1.0), "4": (-9.0, -5.0), "5": (-18.0, -12.0)}
"""Per finger: where its metacarpal starts across the palm (mm, thumb side positive) and how far it fans out (°)."""
CARPALS = {
    "scaphoid": (12, 8), "lunate": (1, 6), "triquetrum": (-11, 8), "pisiform": (-13, 10),
    "trapezium": (19, 20), "trapezoid": (10, 21), "capitate": (1, 21), "hamate": (-11, 21),
}  # fmt: skip
"""Across the palm and down from the wrist, mm."""
PALM_LENGTH = 28.0


@dataclass(frozen=True, eq=False)
class Bone:
    name: str
    part: str
    vertices: Floats


def arm_bones(mesh: Mesh, notch: Floats, side: str) -> Iterator[tuple[Bone, Integers]]:
    """Every bone of one arm hanging beside the body, with its triangles.

    Args:
        mesh: gives a bone's vertices (mm; x forward, y up, z to the right) and triangles by name.
        notch: (3,) the jugular notch in body coordinates, mm.
        side: `r` or `l`; the meshes are of the right side and mirrored for the left.
    """
    outward = np.array([1.0 if side == "l" else -1.0, 1.0, 1.0])
    for name, part, vertices, triangles in _right_arm(mesh):
        yield (
            Bone(f"{name}_{side}", f"{part}_{side}" if part != "trunk" else part, notch + outward * vertices),
            triangles,
        )


def _right_arm(mesh: Mesh) -> Iterator[tuple[str, str, Floats, Integers]]:
    """Bones relative to the notch, x outwards, y back, z up."""
    clavicle, faces = _upright(mesh, "clavicle")
    clavicle = clavicle + STERNOCLAVICULAR
    yield "clavicle", "trunk", clavicle, faces
    acromion = clavicle[clavicle[:, 0] > clavicle[:, 0].max() - 8].mean(axis=0)
    scapula, faces = _upright(mesh, "scapula")
    yield "scapula", "trunk", scapula + acromion, faces
    humerus, faces = _upright(mesh, "humerus")
    humerus = humerus @ rotation(1, -4).T + acromion + SHOULDER_BELOW_ACROMION
    yield "humerus", "arm", humerus, faces
    elbow = _end(humerus, lowest=True) + np.array([0.0, 0.0, 8.0])
    wrist = elbow
    for name in ("ulna", "radius"):
        bone, faces = _upright(mesh, name)
        hung = _hang(
            bone @ rotation(2, WRIST_PRONATION).T, elbow + ((-9, 0, 0) if name == "ulna" else (9, 0, 0)), ELBOW_ANGLE
        )
        wrist = wrist + _end(hung, lowest=True) / 2 - elbow / 2
        yield name, "forearm", hung, faces
    yield from _hand(mesh, wrist)


def _hand(mesh: Mesh, wrist: Floats) -> Iterator[tuple[str, str, Floats, Integers]]:
    """The hand flat on the table, thumb towards the body."""
    for name, (aside, down) in CARPALS.items():
        bone, faces = _upright(mesh, name)
        yield "hand", "hand", bone - bone.mean(axis=0) + wrist + (-aside, 0, -down), faces
    chains = {finger: (f"{finger}mc", f"{finger}proxph", f"{finger}midph", f"{finger}distph") for finger in FINGERS}
    places = {**FINGERS, "thumb": (22.0, 32.0)}
    for finger, (across, fan) in places.items():
        joint = wrist + np.array([-across, 0.0, -PALM_LENGTH])
        for name in chains.get(finger, ("1mc", "thumbprox", "thumbdist")):
            bone, faces = _upright(mesh, name)
            placed = _hang(bone, joint, -fan)
            joint = _end(placed, lowest=True)
            yield "hand", "hand", placed, faces


def _upright(mesh: Mesh, name: str) -> tuple[Floats, Integers]:
    """From the mesh's axes (forward, up, right) to ours (outwards, back, up)."""
    vertices, triangles = mesh(name)
    return vertices[:, [2, 0, 1]] * (1, -1, 1), triangles


def _end(vertices: Floats, *, lowest: bool) -> Floats:
    height = vertices[:, 2] if lowest else -vertices[:, 2]
    return np.asarray(vertices[height <= np.percentile(height, 5)].mean(axis=0))


def _hang(vertices: Floats, joint: Floats, outwards: float) -> Floats:
    """Turns a bone so that it hangs from `joint`, its lower end `outwards` degrees away from straight down."""
    top, bottom = _end(vertices, lowest=False), _end(vertices, lowest=True)
    along = (bottom - top) / np.linalg.norm(bottom - top)
    target = np.array([np.sin(np.radians(outwards)), 0.0, -np.cos(np.radians(outwards))])
    axis = np.cross(along, target)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    turn = np.eye(3) + cross + cross @ cross / (1 + along @ target)
    return np.asarray((vertices - top) @ turn.T + joint)
