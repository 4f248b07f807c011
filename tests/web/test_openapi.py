"""The OpenAPI document says what the server does; schemathesis asks the server whether that is true."""

import asyncio
import json
from collections.abc import Iterator
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from app.core.runtime import Runtime
from tests.support.people import people_of
from web import openapi
from web.routes import API

load_all_checks()


def without_security() -> dict[str, Any]:
    """The document without how to sign in: the tests do that themselves, and what is asked is everything else."""
    document: dict[str, Any] = json.loads(openapi.document(API))
    for item in document["paths"].values():
        for operation in item.values():
            operation["security"] = []
    return document


# Too large for the server is a refusal as well: what is longer than a long text may be makes a large request.
REFUSALS = ["400", "401", "403", "404", "409", "413", "415", "422", "429"]
CONFIG = schemathesis.Config.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": REFUSALS}}})
TRUE = CHECKS.get_by_names(
    ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]
)
REFUSED = [*TRUE, *CHECKS.get_by_names(["negative_data_rejection"])]


# Files come and go as streams, beside the endpoints.
STREAMS = (
    ("POST", "/api/v1/files"),
    ("POST", "/api/v1/import-files"),
    ("GET", "/api/v1/imports/{import_id}/results"),
    ("GET", "/api/v1/exports/{export_id}/file"),
    ("GET", "/api/v1/broadcasts/{broadcast_id}/table"),
)
UPLOADS = STREAMS[:2]
# It would end the session that the others are asked with.
ENDING = "/api/v1/logout"
OPERATIONS = [*STREAMS, *((one.method, one.path) for one in API if one.path != ENDING)]
WITH_BODY = [*UPLOADS, *((one.method, one.path) for one in API if one.path != ENDING and one.body_model is not None)]


@cache
def operations() -> dict[tuple[str, str], schemathesis.APIOperation[Any, Any, Any, Any]]:
    """By method and path; made when they are asked for, as every process collects this file and one runs it."""
    schema = schemathesis.openapi.from_dict(without_security(), config=CONFIG)
    found = [each.ok() for each in schema.get_all_operations()]
    return {(each.method.upper(), each.path): each for each in found}


@cache
def cases(operation: tuple[str, str], mode: GenerationMode) -> st.SearchStrategy[schemathesis.Case]:
    """Requests of an operation: one strategy for all of a test's examples, as making it costs more than drawing."""
    return operations()[operation].as_strategy(mode)


def label(operation: tuple[str, str]) -> str:
    return " ".join(operation)


def test_every_operation_is_asked() -> None:
    known = {key: each for key, each in operations().items() if each.path != ENDING}
    assert sorted(known) == sorted(OPERATIONS)
    assert sorted(key for key, each in known.items() if each.body) == sorted(WITH_BODY)


async def test_the_document_is_served_and_complete(anonymous: httpx.AsyncClient) -> None:
    document = (await anonymous.get("/api/v1/openapi.json")).json()
    assert document["openapi"] == "3.1.0"
    operations = [(method.upper(), path) for path, item in document["paths"].items() for method in item]
    assert sorted(operations) == sorted([*STREAMS, *((one.method, one.path) for one in API)])
    ids = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(ids) == len(set(ids))


async def test_every_reference_leads_somewhere(anonymous: httpx.AsyncClient) -> None:
    document = (await anonymous.get("/api/v1/openapi.json")).json()
    assert references(document) <= {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(inner) for inner in value.values()))
    return set().union(*(references(inner) for inner in value)) if isinstance(value, list) else set()


@pytest.fixture(scope="module")
async def headers(runtime: Runtime, server: str) -> dict[str, str]:
    """Of a signed-in owner."""
    async with people_of(runtime, server) as people:
        _, owner = await people.workspace("Fuzzed")
        return {
            "cookie": f"parley_session={owner.client.cookies['parley_session']}",
            "x-parley-csrf": owner.me["csrf"],
        }


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """One connection for all, which keeps no cookie: who asks is said by each request."""
    with requests.Session() as opened:
        opened.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        opened.trust_env = False
        yield opened


@pytest.mark.parametrize("operation", OPERATIONS, ids=label)
@settings(
    max_examples=12,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
async def test_answers_are_as_documented(
    server: str, session: requests.Session, headers: dict[str, str], operation: tuple[str, str], data: st.DataObject
) -> None:
    case = data.draw(cases(operation, GenerationMode.POSITIVE))
    await asyncio.to_thread(case.call_and_validate, base_url=server, session=session, headers=headers, checks=TRUE)


@pytest.mark.parametrize("operation", WITH_BODY, ids=label)
@settings(
    max_examples=12,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
async def test_what_is_not_as_documented_is_refused(
    server: str, session: requests.Session, headers: dict[str, str], operation: tuple[str, str], data: st.DataObject
) -> None:
    case = data.draw(cases(operation, GenerationMode.NEGATIVE))
    await asyncio.to_thread(case.call_and_validate, base_url=server, session=session, headers=headers, checks=REFUSED)
