"""The model card: what a model version is, what it learned from, what it does, and what it must not be used for."""

import json
from collections.abc import Iterator

from backend.evaluation.content import count_words, interval_words, value_words
from backend.evaluation.definitions import DEFINITIONS
from backend.evaluation.headline import LEAST_PATIENTS, gate_words, headlines
from backend.evaluation.scores import Json
from backend.evaluation.slices import OF_PATIENTS

FEW_PATIENTS = 10
"""Patients of a group below which its figures say little."""
PARTS = ("architecture", "recipe", "thresholds", "calibration")
INTENDED = (
    "Outlines of bone metastases and of the bladder on planar whole-body 99mTc bone scans, as a start for readers who "
    "correct them, and the burden indices computed from corrected outlines. For research."
)
NOT_FOR = (
    "Guiding the care of a patient; reading without a reader; scans of other tracers, of parts of the body, or "
    "tomographic ones; patients with primary bone tumours, and metastases seen as cold defects alone, which references "
    "leave out."
)


def model_card(report: Json, made: Json) -> Json:
    """The card as one JSON document.

    Args:
        report: the evaluation; with `gate` where the model stands beside a champion.
        made: `card`, which travels with the weights, and from the lineage `weights_sha256`, `card_sha256`, `chain` and
            `readings`.
    """
    newest = made["chain"][0] if made["chain"] else {}
    return {
        "model": report["model"],
        "created": newest.get("created"),
        "code_version": newest.get("code_version"),
        "weights_sha256": made["weights_sha256"],
        "card_sha256": made["card_sha256"],
        "intended_use": INTENDED,
        "not_for": NOT_FOR,
        **{part: made["card"].get(part) for part in PARTS},
        "learned_from": {"dataset": newest.get("dataset"), "readings": made["readings"]},
        "lineage": made["chain"],
        "evaluated_on": {"dataset": report["dataset"], "n": report["n"], "looks": report["looks"]},
        "figures": [
            {"name": one.title, "figure": one.figure, "beside": one.beside or None, "definition": DEFINITIONS[one.key]}
            for one in headlines(report)
        ],
        "gate": report.get("gate"),
        "limits": [*_limits_of_origin(made), *_limits(report)],
    }


def card_markdown(card: Json) -> str:
    """The card for people."""
    return "\n".join(_lines(card)) + "\n"


def _lines(card: Json) -> Iterator[str]:
    yield f"# Model card: {card['model']}"
    yield from ("", f"**Intended use.** {card['intended_use']}", "", f"**Not for.** {card['not_for']}", "")
    on, n = card["evaluated_on"], card["evaluated_on"]["n"]
    yield from ("## What it does", "")
    yield (
        f"On {n['patients']} frozen test patients ({n['positive_patients']} with metastases), {n['projections']} "
        f"projections of dataset version `{on['dataset']}`; look number {on['looks']} at this test set."
    )
    yield from ("", "| figure | value | 95 % interval | n | beside it |", "|---|---|---|---|---|")
    for one in card["figures"]:
        figure = one["figure"]
        words = (value_words(figure), interval_words(figure), count_words(figure), one["beside"] or "")
        yield f"| {one['name']} | {' | '.join(words)} |"
    yield ""
    yield from (f"- {one['name']}: {one['definition']}." for one in card["figures"])
    if card["gate"]:
        yield from ("", "## Beside the champion", "", gate_words(card["gate"]))
    yield from ("", "## Limits", "")
    yield from (f"- {limit}" for limit in card["limits"])
    yield from _origin(card)


def _origin(card: Json) -> Iterator[str]:
    yield from ("", "## Where it comes from", "")
    yield f"- made {card['created']} by Scintiloop {card['code_version']}"
    yield f"- weights `{card['weights_sha256']}`"
    dataset, readings = card["learned_from"]["dataset"], card["learned_from"]["readings"]
    if dataset:
        patients = dataset["patients"]
        yield (
            f"- learned from dataset version `{dataset['id']}`: {patients.get('train', 0)} training and "
            f"{patients.get('validation', 0)} validation patients, {readings['readings']} readings"
        )
    for link in card["lineage"]:
        yield f"- {link['model'] or 'weights from outside'} started from {link['start'] or 'nothing known'}"
    for part in PARTS:
        if card[part]:
            yield from ("", f"### {part.capitalize()}", "", "```json", json.dumps(card[part], indent=2), "```")


def _limits_of_origin(made: Json) -> Iterator[str]:
    if made["chain"] and made["chain"][0]["start"] == "pretrain":
        yield "It learned from simulated scans alone."


def _limits(report: Json) -> Iterator[str]:
    n = report["n"]
    if min(n["positive_patients"], n["patients"] - n["positive_patients"]) < LEAST_PATIENTS:
        yield f"The test set holds fewer than {LEAST_PATIENTS} patients with, or without, metastases: too small."
    few = [
        f"{one.get('kind', 'age').replace('_', ' ')} {one['group']} ({one['n']['patients']})"
        for one in [*report["by_age"], *report["slices"]]
        if one.get("kind", "age") in OF_PATIENTS and one["n"]["patients"] < FEW_PATIENTS
    ]
    if few:
        yield f"Tried on fewer than {FEW_PATIENTS} patients: {', '.join(few)}."
    if any(own["metastasis"]["contributed"] for own in report["readers"].values()):
        yield "References were made from readings of the very readers who stand beside the model, which flatters them."
    yield "Borders of lesions are vague; fracture, degeneration and contamination look like metastasis on these scans."
