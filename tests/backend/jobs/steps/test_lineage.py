"""From a model version down to the readings, and two model versions beside each other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from backend.datasets.freeze import freeze
from backend.errors import NotFound
from backend.jobs.steps.lineage import model_lineage
from backend.jobs.steps.model_difference import known_difference
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import AuditEntry, ModelVersion, Run
from converters.regions import Region

FILE_OF_OTHERS = {"start": "model", "version": "e" * 12, "weights": "e" * 64, "of": {"start": "scratch"}}


@dataclass
class Home:
    """Two readers, and studies that can be drawn anew."""

    settings: Settings
    readers: list[int]
    images: dict[str, int]
    add_reading: Callable[..., int]
    add_reference: Callable[..., int]

    def draw(self, study: str, *regions: Region) -> None:
        """Two new readings of a study, and the reference that they make."""
        image = self.images[study]
        readings = [
            self.add_reading(reader, image, *regions, exposure=exposure)
            for reader, exposure in zip(self.readers, ("blind", "assisted"), strict=True)
        ]
        self.add_reference(image, readings, *regions)

    def model(self, name: str, lineage: dict[str, Any], dataset: str | None = None, **card: Any) -> str:
        """A model version that a run made from a dataset version, or one from outside."""
        with open_session(self.settings) as session:
            run = Run(id=f"run-{name}", dataset_id=dataset, options={"start": "scratch"}, requested_by="ada")
            if dataset:
                session.add(run)
            session.add(
                ModelVersion(
                    id=name * 12,
                    weights_sha256=name * 64,
                    card={"lineage": lineage} | card,
                    code_version="1",
                    run_id=run.id if dataset else None,
                    dataset_id=dataset,
                )
            )
        return name * 12


@pytest.fixture
def home(
    settings: Settings,
    add_study: Any,
    add_reader: Any,
    add_reading: Any,
    add_reference: Any,
    box: Callable[..., Region],
) -> Home:
    """Six patients with a reference each, the last of them sequestered."""
    readers = [add_reader("first", 1), add_reader("second", 2)]
    images = {
        f"s{number}": add_study(f"s{number}", sequestered=number == 5, projections=("anterior",))["anterior"]
        for number in range(6)
    }
    found = Home(settings, readers, images, add_reading, add_reference)
    for number, study in enumerate(images):
        found.draw(study, box(200, 100, 10 + number, 10))
    return found


def studies(rows: Sequence[dict[str, Any]]) -> list[str]:
    return sorted(row["study"] for row in rows)


def test_every_link_is_told_back_to_weights_that_came_from_elsewhere(home: Home) -> None:
    dataset = freeze(home.settings).id
    home.model("c", FILE_OF_OTHERS)
    home.model("b", {"start": "model", "version": "c" * 12, "weights": "c" * 64, "of": FILE_OF_OTHERS}, dataset)
    newest = home.model("a", {"start": "model", "version": "b" * 12, "weights": "b" * 64}, dataset, recipe={"steps": 9})
    document = model_lineage(home.settings, newest)
    chain = document["chain"]
    assert [link["model"] for link in chain] == ["a" * 12, "b" * 12, "c" * 12, None]
    assert [link["start"] for link in chain] == ["model", "model", "model", "scratch"]
    assert [link["run"] and link["run"]["run"] for link in chain] == ["run-a", "run-b", None, None]
    assert (chain[0]["recipe"], chain[0]["dataset"]["projections"]["test"]) == ({"steps": 9}, 1)
    assert "are missing" in document["changed"], "these weights were never stored"


def test_the_references_are_those_of_the_version_and_not_what_was_drawn_since(home: Home, box: Any) -> None:
    dataset = freeze(home.settings).id
    model = home.model("a", {"start": "scratch"}, dataset)
    before = model_lineage(home.settings, model)
    home.draw("s0", box(300, 100, 40, 10))
    assert model_lineage(home.settings, model) == before
    assert studies(before["references"]) == ["s0", "s1", "s2", "s3", "s4"]
    for reference in before["references"]:
        assert (reference["status"], reference["rule"]) == ("agreed", "test")
        assert [one["reader"] for one in reference["readings"]] == ["first", "second"]
        assert all(len(one["regions_sha256"]) == 64 for one in reference["readings"])
    assert before["readings"] == {
        "readings": 10,
        "by_reader": {"first": 5, "second": 5},
        "by_exposure": {"assisted": 5, "blind": 5},
        "references": {"agreed": 5},
    }


def test_the_frozen_test_set_is_not_read_for_it(home: Home) -> None:
    model = home.model("a", {"start": "scratch"}, freeze(home.settings).id)
    with open_session(home.settings) as session:
        before = len(session.scalars(select(AuditEntry)).all())
    document = model_lineage(home.settings, model)
    assert "s5" not in str(document["references"])
    with open_session(home.settings) as session:
        assert len(session.scalars(select(AuditEntry)).all()) == before


def test_a_lineage_that_bites_its_tail_ends(home: Home) -> None:
    home.model("a", {"start": "model", "version": "b" * 12})
    home.model("b", {"start": "model", "version": "a" * 12})
    assert len(model_lineage(home.settings, "a" * 12)["chain"]) == 2


def test_an_unknown_model_has_no_lineage(settings: Settings) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        model_lineage(settings, "nowhere")


def test_two_models_differ_by_what_they_are_and_what_they_learned_from(
    home: Home, add_study: Any, box: Callable[..., Region]
) -> None:
    card = {
        "architecture": {"encoder": "resnet18", "decoder_channels": [64, 48]},
        "recipe": {"steps": 200, "loss": {"name": "dice"}},
        "thresholds": {"metastasis": 0.5},
    }
    old = home.model("a", {"start": "scratch"}, freeze(home.settings).id, **card)
    home.images["s6"] = add_study("s6", projections=("anterior",))["anterior"]
    home.draw("s6", box(200, 100, 30, 10))
    home.draw("s0", box(300, 100, 40, 10))
    other = {
        "architecture": card["architecture"],
        "recipe": {"steps": 400, "loss": {"name": "focal"}},
        "thresholds": {"metastasis": 0.5},
        "calibration": {"metastasis": {"slope": 1.5}},
    }
    new = home.model("b", {"start": "scratch"}, freeze(home.settings).id, **other)
    document = known_difference(home.settings, new, old)
    assert document["architecture"] == document["thresholds"] == []
    assert document["recipe"] == [
        {"name": "loss.name", "a": "focal", "b": "dice"},
        {"name": "steps", "a": 400, "b": 200},
    ]
    assert document["calibration"] == [{"name": "metastasis.slope", "a": 1.5, "b": None}]
    training = document["training"]
    assert (training["shared"], studies(training["added"]), studies(training["removed"])) == (4, ["s6"], [])
    [redrawn] = training["redrawn"]
    assert (redrawn["study"], redrawn["before"] != redrawn["reference_sha256"]) == ("s0", True)
    assert studies(known_difference(home.settings, old, new)["training"]["removed"]) == ["s6"]
    assert (document["dataset"], document["verdict"], document["figures"]) == (None, None, {})
