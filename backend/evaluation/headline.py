"""What a report says first: whose it is, and the few figures that matter, the readers' own beside each."""

from dataclasses import dataclass

from backend.evaluation.content import count_words, interval_words, value_words
from backend.evaluation.scores import Json

LEAST_PATIENTS = 2
"""Positive and negative patients each below which a test set is too small to say anything."""


@dataclass(frozen=True)
class Headline:
    """One figure of the model, and the yardstick in words."""

    title: str
    key: str
    figure: Json
    beside: str = ""
    digits: int = 3


def headlines(report: Json) -> tuple[Headline, ...]:
    model, readers = report["outlines"][0], report["outlines"][-1]
    bstbi = report["bstbi"]["agreement"]
    lesions, between = report["labels"]["metastasis"], readers["labels"]
    return (
        Headline("Dice of lesions", "dice", lesions["dice"], _between(between["metastasis"]["dice"])),
        Headline(
            "Dice of the bladder", "dice", report["labels"]["bladder"]["dice"], _between(between["bladder"]["dice"])
        ),
        Headline(
            "Lesion F1, 10 pixels or more",
            "f1_from_10_px",
            model["lesions"]["f1_from_10_px"],
            _between(readers["lesions"]["f1_from_10_px"]),
        ),
        Headline("AUC of patients", "auc", report["patients"]["auc"]),
        Headline(
            "Sensitivity for patients", "sensitivity", report["patients"]["sensitivity"], _calls(report, "sensitivity")
        ),
        Headline(
            "Specificity for patients", "specificity", report["patients"]["specificity"], _calls(report, "specificity")
        ),
        Headline("ICC of BSTBI", "icc", bstbi[0]["icc"], _between(bstbi[-1]["icc"])),
        Headline("Seconds per study", "seconds_per_study", report["time"]["seconds_per_study"], digits=2),
    )


def sentences(report: Json) -> tuple[str, ...]:
    """Whose report it is, and how much it can bear."""
    n = report["n"]
    negative = n["patients"] - n["positive_patients"]
    told = [
        f"Frozen test patients of dataset version {report['dataset']}: {n['patients']} patients "
        f"({n['positive_patients']} with metastases), {n['projections']} projections.",
        f"This test set had been looked at {report['looks']} {'time' if report['looks'] == 1 else 'times'}, this look "
        "included; the more often, the less its figures say of new patients.",
    ]
    if min(n["positive_patients"], negative) < LEAST_PATIENTS:
        told.append(
            f"The test set is too small: {n['positive_patients']} positive and {negative} negative patients, at least "
            f"{LEAST_PATIENTS} of each are needed. No gate passes on it."
        )
    return tuple(told)


def gate_words(gate: Json) -> str:
    """The gate's verdict in a sentence."""
    if gate["verdict"] is None:
        return str(gate["reason"])
    if gate["serving"]:
        return f"This model serves. When it was judged, the gate said {gate['verdict']}. {gate['reason']}"
    return f"Verdict of the gate: {gate['verdict']}. {gate['reason']}"


def _between(figure: Json) -> str:
    if figure["value"] is None:
        return ""
    interval = f" ({interval_words(figure)})" if figure["low"] is not None else ""
    return f"readers with each other {value_words(figure)}{interval}"


def _calls(report: Json, name: str) -> str:
    """Each reader's own, as so many of all."""
    return ", ".join(f"{reader} {count_words(own[name])}" for reader, own in report["patients_by_reader"].items())
