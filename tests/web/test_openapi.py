"""The API's own description: complete, and whatever is made from it is no server error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from tests.web.conftest import World
from tests.web.test_doors import OURS, THEIRS

EXAMPLES = 6
OPERATIONS = sorted((method, path.replace(":int", "").replace(":str", "")) for method, path in OURS + THEIRS)


@pytest.fixture(scope="module")
def document(world: World) -> dict[str, Any]:
    """The description as anybody may read it."""
    with urlopen(f"{world.server.url}/api/openapi.json") as answer:
        assert answer.status == 200
        value: dict[str, Any] = json.load(answer)
        return value


def test_every_route_of_the_api_is_described(document: dict[str, Any]) -> None:
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert described == set(OPERATIONS)


def test_every_route_says_what_it_is_for_and_who_may_ask(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for operation in item.values():
            assert operation["summary"] or operation["description"], path
            assert operation["tags"], path
            [wanted] = operation["security"]
            assert wanted.keys() <= document["components"]["securitySchemes"].keys()
            assert "passcode" in wanted or path.startswith("/1/")


def test_every_refusal_is_described_in_the_shape_it_has(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for operation in item.values():
            schema = operation["responses"]["default"]["content"]["application/json"]["schema"]
            assert schema["required"] == (["status", "error", "code"] if path.startswith("/1/") else ["error"])
            assert "400" not in operation["responses"]


def test_no_secret_and_no_name_of_this_machine_is_in_it(world: World, document: dict[str, Any]) -> None:
    text = json.dumps(document)
    assert world.server.passcode not in text
    assert world.server.account_id not in text
    assert str(Path(__file__).parents[2]) not in text
    assert "127.0.0.1" not in text


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_nothing_made_from_the_description_is_a_server_error(
    world: World, document: dict[str, Any], method: str, path: str
) -> None:
    operation = schemathesis.openapi.from_dict(document)[path][method]
    # A report of a campaign that exists is more than its absence.
    fixed = (
        {"path_parameters": {"campaign_id": world.campaign}}
        if path.count("{") == path.count("{campaign_id}") == 1
        else {}
    )
    cases = [operation.as_strategy(generation_mode=mode, **fixed) for mode in GenerationMode]
    credentials = {**world.server.bearer, **world.server.compatible}

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(case=st.one_of(cases))
    def ask(case: schemathesis.Case) -> None:
        answer = case.call(base_url=world.server.url, headers=credentials, timeout=30)
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            refusal = json.loads(answer.content)
            assert refusal.keys() == ({"status", "error", "code"} if path.startswith("/1/") else {"error"})

    ask()
