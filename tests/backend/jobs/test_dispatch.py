"""A task reaches the right queue of the broker that the settings name, or the sender hears why not."""

import json
from pathlib import Path

import pytest
import redis

from backend.errors import ServiceError
from backend.jobs.dispatch import dispatch
from backend.settings import Settings

pytestmark = pytest.mark.services


def waiting(settings: Settings, queue: str) -> list[dict[str, object]]:
    client = redis.Redis.from_url(settings.broker.replace("redis+socket", "unix"))
    return [json.loads(message) for message in client.lrange(queue, 0, -1)]


def test_training_goes_to_the_gpu_queue_and_the_rest_to_the_default_queue(broker_settings: Settings) -> None:
    train = dispatch(broker_settings, "train", run_id="abc")
    event = dispatch(broker_settings, "receive_event", document={"action": "ANNOTATION_CREATED"})
    assert [message["headers"]["id"] for message in waiting(broker_settings, "gpu")] == [train]
    assert [message["headers"]["id"] for message in waiting(broker_settings, "default")] == [event]


def test_messages_are_json(broker_settings: Settings) -> None:
    dispatch(broker_settings, "settle")
    assert waiting(broker_settings, "default")[0]["content-type"] == "application/json"


@pytest.mark.parametrize("url", ["redis+socket://{}/no.sock", "redis://127.0.0.1:1/0"])
def test_a_broker_that_is_down_is_named_with_the_mend(settings: Settings, tmp_path: Path, url: str) -> None:
    down = settings.model_copy(update={"broker_url": url.format(tmp_path)})
    with pytest.raises(ServiceError, match=r"settle could not be queued: .* `scintiloop up`"):
        dispatch(down, "settle")
