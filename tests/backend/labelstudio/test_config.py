"""The labelling configuration names what the rest of the product looks for."""

from xml.etree import ElementTree

import pytest

from backend.labelstudio.config import label_config
from backend.labelstudio.layout import exclusion_control, image_name, label_control
from backend.records import PROJECTIONS, WINDOWS


@pytest.fixture
def config():
    return ElementTree.fromstring(label_config())  # noqa: S314 (our own)


def test_every_sub_image_is_shown_with_zoom_brightness_and_contrast(config):
    images = {image.get("name"): image for image in config.iter("Image")}
    assert list(images) == [image_name(projection, window) for projection in PROJECTIONS for window in WINDOWS]
    for name, image in images.items():
        assert image.get("value") == f"${name}"
        assert {image.get(tool) for tool in ("zoomControl", "brightnessControl", "contrastControl")} == {"true"}


@pytest.mark.parametrize("projection", PROJECTIONS)
def test_each_projection_has_its_own_outlines_and_exclusion(config, projection):
    by_name = {control.get("name"): control for control in config.iter() if control.get("toName") == projection}
    assert [label.get("value") for label in by_name[label_control(projection)]] == ["metastasis", "bladder"]
    reasons = [choice.get("value") for choice in by_name[exclusion_control(projection)]]
    assert reasons == ["unreadable", "primary bone tumour", "cannot be settled"]


def test_keys_one_to_four_pick_the_labels(config):
    assert [label.get("hotkey") for label in config.iter("Label")] == ["1", "2", "3", "4"]
