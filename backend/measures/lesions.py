"""Lesions: the 8-connected components of a metastasis mask, and which of two masks' lesions are the same."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.optimize import linear_sum_assignment

from converters.regions import Mask

EIGHT_CONNECTED = np.ones((3, 3), dtype=bool)

ComponentLabels = NDArray[np.int32]
"""`(rows, columns)`: 0 background, 1 … n the lesions in reading order of their first pixel."""
Counts = NDArray[np.int64]

RelationKind = Literal["matched", "only_a", "only_b", "split", "merged", "label", "inside"]


@dataclass(frozen=True, eq=False)
class LesionMatch:
    """Which lesions of two masks are the same; lesions are named by their number in `labels_a` and `labels_b`.

    Attributes:
        matched: (lesion of a, lesion of b, IoU), each lesion at most once.
        only_a, only_b: the lesions that have no partner.
        overlaps: `(count_a + 1, count_b + 1)` pixels of every two; row and column 0 are the background of a and of b.
    """

    matched: tuple[tuple[int, int, float], ...]
    only_a: tuple[int, ...]
    only_b: tuple[int, ...]
    labels_a: ComponentLabels
    labels_b: ComponentLabels
    overlaps: Counts

    @property
    def sizes_a(self) -> Counts:
        """Pixels of each lesion of a, by its number; 0 is the background."""
        return np.asarray(self.overlaps.sum(axis=1))

    @property
    def sizes_b(self) -> Counts:
        return np.asarray(self.overlaps.sum(axis=0))


@dataclass(frozen=True)
class Relation:
    """How some lesions of a and some of b relate, by their numbers; every lesion is in exactly one relation."""

    kind: RelationKind
    a: tuple[int, ...]
    b: tuple[int, ...]


def components(mask: Mask) -> tuple[ComponentLabels, int]:
    """The lesions of a mask and how many there are."""
    labels, count = ndimage.label(mask, structure=EIGHT_CONNECTED)
    return labels.astype(np.int32), int(count)


def match(a: Mask, b: Mask, iou: float = 0.1) -> LesionMatch:
    """Maximum-weight bipartite matching of lesions on IoU, of pairs with at least `iou`.

    Raises:
        ValueError: the shapes differ.
    """
    if a.shape != b.shape:
        raise ValueError(f"masks of {a.shape} and {b.shape} pixels cannot be matched; bring them to one grid")
    labels_a, count_a = components(a)
    labels_b, count_b = components(b)
    overlaps = _overlaps(labels_a, count_a, labels_b, count_b)
    ratios = _iou_matrix(overlaps)
    matched = tuple((i + 1, j + 1, float(ratios[i, j])) for i, j in best_pairs(ratios, iou))
    found_a, found_b = {i for i, _, _ in matched}, {j for _, j, _ in matched}
    return LesionMatch(
        matched,
        tuple(i for i in range(1, count_a + 1) if i not in found_a),
        tuple(j for j in range(1, count_b + 1) if j not in found_b),
        labels_a,
        labels_b,
        overlaps,
    )


def false_lesions(found: LesionMatch, ignored: Mask) -> tuple[int, ...]:
    """The lesions of a that b, the truth, does not hold: those without partner, unless more than half is `ignored`."""
    inside = np.bincount(found.labels_a[ignored], minlength=len(found.sizes_a))
    return tuple(lesion for lesion in found.only_a if 2 * inside[lesion] <= found.sizes_a[lesion])


def best_pairs(ratios: NDArray[np.float64], iou: float) -> list[tuple[int, int]]:
    """Maximum-weight bipartite matching: pairs (row, column) of at least `iou`, each row and column at most once.

    Args:
        ratios: `(first, second)` IoU in [0, 1]; pairs that share nothing never match.
    """
    allowed = (ratios >= iou) & (ratios > 0)
    chosen = zip(*linear_sum_assignment(np.where(allowed, ratios, 0.0), maximize=True), strict=True)
    return [(int(i), int(j)) for i, j in chosen if allowed[i, j]]


def relations(found: LesionMatch, bladder_a: Mask, bladder_b: Mask) -> tuple[Relation, ...]:
    """How the lesions of two readings relate.

    - `label`: a lesion without partner, at least half of which the other reading calls bladder.
    - A lesion without partner (and not `label`), at least half of which lies inside one lesion of the other reading,
      is a piece of that lesion: of the one that holds most of it, and of two the one with the lower number. Lesions
      tied by the matching or as pieces are one group: `matched` (one of each, by the matching), `inside` (one of each,
      too unlike to match: both are without partner), `split` (one of a, several of b), `merged` (several of a, one of
      b). Where both sides are several it is `merged` if a has more, else `split`.
    - `only_a`, `only_b`: what is left.

    Args:
        found: the matching of the two metastasis masks.
        bladder_a, bladder_b: the bladders of the readings, disjoint from their lesions.

    Returns:
        The relations in the order of the lowest lesion of a in each, then those of b alone.
    """
    swapped_a = _mostly_in(found.labels_a, found.sizes_a, bladder_b) & set(found.only_a)
    swapped_b = _mostly_in(found.labels_b, found.sizes_b, bladder_a) & set(found.only_b)
    ties = [(i, j) for i, j, _ in found.matched]
    ties += [(i, j) for i in found.only_a if i not in swapped_a and (j := _host(found.overlaps[i], swapped_b))]
    ties += [(i, j) for j in found.only_b if j not in swapped_b and (i := _host(found.overlaps[:, j], swapped_a))]
    tied_a, tied_b = {i for i, _ in ties}, {j for _, j in ties}
    matched = {(i, j) for i, j, _ in found.matched}
    related = [_related(group, matched) for group in _groups(ties)]
    for i in sorted(set(found.only_a) - tied_a):
        related.append(Relation("label" if i in swapped_a else "only_a", (i,), ()))
    for j in sorted(set(found.only_b) - tied_b):
        related.append(Relation("label" if j in swapped_b else "only_b", (), (j,)))
    return tuple(sorted(related, key=lambda one: (one.a or (len(found.overlaps),), one.b)))


def _mostly_in(labels: ComponentLabels, sizes: Counts, other: Mask) -> set[int]:
    """The lesions of which at least half lies in the other mask."""
    inside = np.bincount(labels[other], minlength=len(sizes))
    return {int(lesion) for lesion in np.flatnonzero(2 * inside >= sizes) if lesion}


def _host(shared: Counts, barred: set[int]) -> int:
    """The lesion that holds at least half of the one whose overlaps these are; 0 where none does."""
    host = int(np.argmax(shared[1:])) + 1 if len(shared) > 1 else 0
    return host if host and host not in barred and 2 * shared[host] >= shared.sum() else 0


def _groups(ties: list[tuple[int, int]]) -> list[tuple[set[int], set[int]]]:
    """Lesions of a and of b that the ties hold together."""
    groups: list[tuple[set[int], set[int]]] = []
    for i, j in ties:
        joined = [group for group in groups if i in group[0] or j in group[1]]
        groups = [group for group in groups if group not in joined]
        groups.append(({i}.union(*(one for one, _ in joined)), {j}.union(*(other for _, other in joined))))
    return groups


def _related(group: tuple[set[int], set[int]], matched: set[tuple[int, int]]) -> Relation:
    a, b = tuple(sorted(group[0])), tuple(sorted(group[1]))
    if len(a) == len(b) == 1:
        return Relation("matched" if (a[0], b[0]) in matched else "inside", a, b)
    return Relation("merged" if len(a) > len(b) else "split", a, b)


def _overlaps(labels_a: ComponentLabels, count_a: int, labels_b: ComponentLabels, count_b: int) -> Counts:
    width = count_b + 1
    pairs = labels_a.astype(np.int64) * width + labels_b
    return np.bincount(pairs.ravel(), minlength=(count_a + 1) * width).reshape(count_a + 1, width)


def _iou_matrix(overlaps: Counts) -> NDArray[np.float64]:
    """`(count_a, count_b)` IoU of every pair."""
    shared = overlaps[1:, 1:]
    union = overlaps[1:].sum(axis=1, keepdims=True) + overlaps[:, 1:].sum(axis=0, keepdims=True) - shared
    return np.asarray(shared / np.maximum(union, 1), dtype=np.float64)
