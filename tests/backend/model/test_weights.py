from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from backend.errors import InputError
from backend.model.networks import ENCODERS, PACKAGE_ENCODER, Architecture, build
from backend.model.weights import load_package_weights, pack, read_model, unpack

CARD = {"thresholds": {"crop": 0.5}, "lineage": {"start": "scratch"}}


def test_both_networks_come_back_from_one_file() -> None:
    networks = build(Architecture.named(PACKAGE_ENCODER), seed=3)
    trained = pack(networks, CARD)
    again = unpack(trained.weights, trained.card)
    for name, network in networks.named().items():
        for key, value in network.state_dict().items():
            assert torch.equal(again.named()[name].state_dict()[key], value)
        assert not again.named()[name].training


def test_the_same_networks_and_card_give_the_same_bytes() -> None:
    architecture = Architecture.named(PACKAGE_ENCODER)
    assert pack(build(architecture), CARD).weights == pack(build(architecture), CARD).weights
    assert pack(build(architecture), CARD).weights != pack(build(architecture, seed=1), CARD).weights


def test_a_file_saved_elsewhere_explains_itself(tmp_path: Path) -> None:
    trained = pack(build(Architecture.named(PACKAGE_ENCODER)), CARD)
    path = tmp_path / "model.safetensors"
    path.write_bytes(trained.weights)
    assert read_model(path).card == trained.card
    assert trained.card["architecture"]["encoder"] == PACKAGE_ENCODER


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a pickle", b"\xff" * 64], ids=["empty", "pickle", "noise"])
def test_a_file_that_is_not_safetensors_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"model\.bin"):
        read_model(path)
    card = {"architecture": ENCODERS[PACKAGE_ENCODER].to_card()}
    with pytest.raises(InputError, match="safetensors"):
        unpack(content, card)


@pytest.mark.parametrize(
    "card",
    [{}, {"architecture": None}, {"architecture": {"encoder": "resnet18"}}, {"architecture": {"encoder": "mit_b0"}}],
    ids=["empty", "null", "half", "unknown encoder"],
)
def test_a_card_without_a_known_architecture_is_refused(card: dict[str, object]) -> None:
    with pytest.raises(InputError, match=r"architecture|encoder"):
        Architecture.from_card(card)


def test_weights_of_another_architecture_are_refused() -> None:
    trained = pack(build(Architecture.named(PACKAGE_ENCODER)), CARD)
    with pytest.raises(InputError, match="do not fit"):
        unpack(trained.weights, {"architecture": ENCODERS["resnet18"].to_card()})


def test_a_file_cut_short_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(pack(build(Architecture.named(PACKAGE_ENCODER)), CARD).weights[:-100])
    with pytest.raises(InputError, match=r"model\.safetensors: cannot be read whole"):
        read_model(path)


def test_tensors_without_a_card_are_no_model(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(save({"segmentation.weight": torch.zeros(1)}))
    with pytest.raises(InputError, match=r"model\.safetensors: is not a Scintiloop model file"):
        read_model(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_numbers_are_refused_by_their_name(value: float) -> None:
    networks = build(Architecture.named(PACKAGE_ENCODER))
    with torch.no_grad():
        networks.segmentation.get_parameter("head.0.bias")[0] = value
    trained = pack(networks, CARD)
    with pytest.raises(InputError, match=r"weights: segmentation\.head\.0\.bias holds numbers that are none"):
        unpack(trained.weights, trained.card)


def test_package_weights_reach_both_encoders_without_a_network() -> None:
    networks = build(Architecture.named(PACKAGE_ENCODER))
    load_package_weights(networks)
    first, second = (network.get_submodule("encoder").state_dict() for network in networks.named().values())
    assert all(torch.equal(first[name], second[name]) for name in first)
    other = build(Architecture.named(PACKAGE_ENCODER)).segmentation.get_submodule("encoder").state_dict()
    assert not torch.equal(first["conv_stem.weight"], other["conv_stem.weight"])


@pytest.mark.parametrize("encoder", sorted(ENCODERS))
def test_every_encoder_outlines_every_pixel_and_classifies_every_cell(encoder: str) -> None:
    networks = build(Architecture.named(encoder))
    pixels = torch.zeros(1, 3, 128, 256)
    with torch.inference_mode():
        assert networks.segmentation.eval()(pixels).shape == (1, 2, 128, 256)
        assert networks.classification.eval()(pixels).shape == (1, 2, 32, 64)


def test_no_layer_is_skipped_by_chance_while_training() -> None:
    network = build(Architecture.named(PACKAGE_ENCODER)).segmentation.train()
    pixels = torch.randn(2, 3, 64, 128)
    with torch.no_grad():
        assert torch.equal(network(pixels), network(pixels))


def test_the_classifier_begins_with_the_u_nets_opinion() -> None:
    networks = build(Architecture.named(PACKAGE_ENCODER))
    networks.classification.begin_from(networks.segmentation)
    flat = torch.zeros(1, 3, 128, 128)
    with torch.inference_mode():
        outlined = networks.segmentation.eval()(flat)[0, :, 64, 64]
        called = networks.classification.eval()(flat)[0, :, 16, 16]
    assert torch.allclose(outlined, called, atol=0.05)


def test_the_lesion_head_starts_near_the_frequency_of_lesions() -> None:
    bias = build(Architecture.named("resnet18")).segmentation.get_parameter("head.0.bias")
    assert bias[0].item() == -3
