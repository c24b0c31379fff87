"""Requests as a real Label Studio sent them, and a real model small enough for a test."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from flask.testing import FlaskClient

from backend.labelstudio.layout import file_name, image_name
from backend.model.networks import CPU_ENCODER, Architecture, build
from backend.model.weights import TrainedModel, pack
from backend.promotion.registry import store_model
from backend.records import PROJECTIONS, WINDOWS, Exposure
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.secrets import secret
from backend.store.session import open_session
from backend.store.tables import Assignment, ChampionChange, Image
from ml_backend.app import USER, create_app

RECORDED = Path(__file__).parents[1] / "fixtures" / "label_studio"
PROJECT = 2
"""The project that the recorded requests name."""


@pytest.fixture(scope="session")
def recorded() -> Callable[[str], Any]:
    """Name of a recorded request → its body."""
    return lambda name: json.loads((RECORDED / f"{name}.json").read_text())["body"]


@pytest.fixture
def queued() -> list[tuple[str, dict[str, Any]]]:
    """What the ML backend handed to the workers."""
    return []


@pytest.fixture
def client(settings: Settings, queued: list[tuple[str, dict[str, Any]]]) -> FlaskClient:
    def queue(_settings: Settings, name: str, **arguments: Any) -> str:
        queued.append((name, arguments))
        return "task"

    return create_app(settings, queue).test_client()


@pytest.fixture
def auth(settings: Settings) -> tuple[str, str]:
    return USER, secret(settings, "ml_backend_password")


@pytest.fixture
def task_of(settings: Settings) -> Callable[..., dict[str, Any]]:
    """Token of a study → its task as the worklist makes it."""

    def make(token: str, number: int = 1) -> dict[str, Any]:
        data = {
            image_name(projection, window): f"/data/local-files/?d=reader-1/{file_name(token, projection, window)}"
            for projection in PROJECTIONS
            for window in WINDOWS
        }
        return {"id": number, "data": data | {"study": token}, "project": PROJECT, "annotations": []}

    return make


@pytest.fixture
def put_on_worklist(
    settings: Settings, add_reader: Callable[..., int], add_study: Callable[..., dict[str, int]]
) -> Callable[..., int]:
    """`(token, exposure, sequestered, control, **more)` puts a study on the worklist of the reader who owns `PROJECT`;
    `more` are further columns of the assignment."""
    reader = add_reader("reader 1", 1, project=PROJECT)

    def put(
        token: str,
        exposure: Exposure,
        sequestered: bool = False,
        control: bool | None = None,
        alias: str | None = None,
        **more: object,
    ) -> int:
        images = add_study(token, sequestered=sequestered)
        with open_session(settings) as session:
            study = session.get_one(Image, images["anterior"]).study
            study.control = control
            row = Assignment(reader_id=reader, study_id=study.id, exposure=exposure, token=alias, **more)
            session.add(row)
            session.flush()
            return row.id

    return put


@pytest.fixture(scope="session")
def sure() -> Callable[[float], TrainedModel]:
    """`logit` → a model that calls every pixel a metastasis, as sure as that."""

    @cache
    def make(logit: float) -> TrainedModel:
        networks = build(Architecture.named(CPU_ENCODER))
        with torch.no_grad():
            head = [layer for layer in networks.segmentation.modules() if isinstance(layer, torch.nn.Conv2d)][-1]
            head.weight.zero_()
            head.bias.copy_(torch.tensor([logit, -logit]))
        return pack(networks, {"thresholds": {"crop": 0.0}})

    return make


@pytest.fixture
def promote(settings: Settings, sure: Callable[[float], TrainedModel]) -> Callable[[float], str]:
    """Makes a model of that logit the champion; returns its version."""

    def make(logit: float) -> str:
        with open_session(settings) as session:
            model = store_model(session, blobs_of(settings), sure(logit), None, None, "test")
            session.add(ChampionChange(model_id=model.id, action="promote", by="test"))
            return f"scintiloop-{model.id}"

    return make


@pytest.fixture
def shown_model(settings: Settings) -> Callable[[int], str | None]:
    """Which model's outlines an assignment's reader was given."""

    def of(assignment: int) -> str | None:
        with open_session(settings) as session:
            return session.get_one(Assignment, assignment).shown_model

    return of
