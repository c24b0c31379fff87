"""Behind a proxy, people are told apart by the address that it saw; without one, nobody may invent an address."""

import pytest

from backend.settings import Settings
from backend.web.app import create_app
from backend.web.limits import OF_ONE_ADDRESS


@pytest.mark.parametrize(("proxies", "another_person"), [(0, 429), (1, 401)], ids=["no proxy", "a proxy"])
def test_wrong_passwords_of_one_address_close_it_for_others_only_without_a_proxy(
    settings: Settings, proxies: int, another_person: int
) -> None:
    client = create_app(settings.model_copy(update={"proxies": proxies})).test_client()

    def try_from(address: str, email: str) -> int:
        headers = {"X-Forwarded-For": address}
        return client.get("/api/runs", auth=(email, "wrong"), headers=headers).status_code

    for number in range(OF_ONE_ADDRESS):
        assert try_from("10.0.0.1", f"{number}@x") == 401
    assert try_from("10.0.0.1", "next@x") == 429
    assert try_from("10.0.0.2", "other@x") == another_person


def test_an_address_that_a_visitor_puts_before_the_proxys_is_not_believed(settings: Settings) -> None:
    client = create_app(settings.model_copy(update={"proxies": 1})).test_client()
    replies = [
        client.get(
            "/api/runs", auth=(f"{number}@x", "wrong"), headers={"X-Forwarded-For": f"1.2.3.{number}, 10.0.0.1"}
        ).status_code
        for number in range(OF_ONE_ADDRESS + 1)
    ]
    assert replies == [401] * OF_ONE_ADDRESS + [429]
