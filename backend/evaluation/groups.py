"""The same figures for parts of the test cases: the study's age groups, and every kind of slice."""

from collections.abc import Sequence

from backend.evaluation.humans import outline_rows
from backend.evaluation.outlines import outline_figures
from backend.evaluation.pairs import (
    model_with_readers,
    model_with_reference,
    readers_with_each_other,
    readers_with_reference,
)
from backend.evaluation.patients import patient_figures, reader_patient_figures
from backend.evaluation.scores import Json, Score
from backend.evaluation.slices import AGE_GROUPS, KINDS, LESION_GROUPS, OF_PATIENTS, UNKNOWN

OTHER_KINDS = tuple(kind for kind in KINDS if kind != "age")
ORDERED = {
    "age": [name for name, *_ in AGE_GROUPS],
    "lesions": [name for name, *_ in LESION_GROUPS],
    "beside_bladder": ["yes", "no"],
    "exposure": ["blind", "mixed", "assisted"],
}
"""Groups in the order in which they are shown; of other kinds the order is that of their names."""


def compared_outlines(scores: Sequence[Score]) -> list[Json]:
    """[{`first`, `second`, …}]: the model and all readers together with the reference and with each other."""
    return [
        {"first": first, "second": second} | outline_figures(pairs)
        for first, second, pairs in (
            ("model", "reference", model_with_reference(scores)),
            ("model", "readers", model_with_readers(scores)),
            ("readers", "reference", readers_with_reference(scores)),
            ("readers", "readers", readers_with_each_other(scores)),
        )
    ]


def by_age(scores: Sequence[Score]) -> list[Json]:
    """The study's age groups, empty ones too, and `unknown` where there are any: [{`group`, `n`, `labels`, `patients`,
    `readers`, `outlines`}]."""
    names = [*ORDERED["age"], *([UNKNOWN] if any(score["slices"]["age"] == UNKNOWN for score in scores) else [])]
    found = []
    for name in names:
        own = [score for score in scores if score["slices"]["age"] == name]
        outlines = outline_rows(own)
        found.append(
            {"group": name, "n": counted(own), "labels": outlines[0]["labels"], "outlines": outlines} | calls(own)
        )
    return found


def slice_figures(scores: Sequence[Score]) -> list[Json]:
    """Of every kind but age: [{`kind`, `group`, `n`, `outlines`: `compared_outlines`}].

    Kinds that patients belong to also have `patients` and `readers`: the calls of the model and of each reader.
    """
    found = []
    for kind in OTHER_KINDS:
        for group in _names(scores, kind):
            own = [score for score in scores if score["slices"][kind] == group]
            figures = {"kind": kind, "group": group, "n": counted(own), "outlines": compared_outlines(own)}
            found.append(figures | (calls(own) if kind in OF_PATIENTS else {}))
    return found


def calls(scores: Sequence[Score]) -> Json:
    return {"patients": patient_figures(scores), "readers": reader_patient_figures(scores)}


def counted(scores: Sequence[Score]) -> Json:
    return {"patients": len({score["patient"] for score in scores}), "projections": len(scores)}


def _names(scores: Sequence[Score], kind: str) -> list[str]:
    present = {score["slices"][kind] for score in scores}
    order = ORDERED.get(kind, sorted(present - {UNKNOWN}))
    return [name for name in (*order, UNKNOWN) if name in present]
