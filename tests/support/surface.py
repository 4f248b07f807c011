"""The whole API as data, read from the application itself, so that new endpoints are tested without being named."""

import re
from collections.abc import Iterator
from typing import Any

import orjson

from app.core.permissions import Permission
from web.api.endpoint import Access, Endpoint
from web.routes import API

NOBODYS_ID = "xxx_01jd0000000000000000000000"


def guarded() -> Iterator[tuple[Endpoint, Permission]]:
    """Every endpoint that needs a permission."""
    for endpoint in API:
        if isinstance(endpoint.permission, Permission):
            yield endpoint, endpoint.permission


def not_public() -> list[Endpoint]:
    return [endpoint for endpoint in API if endpoint.permission is not Access.PUBLIC]


def with_body() -> list[Endpoint]:
    return [endpoint for endpoint in API if endpoint.body_model is not None]


def label(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def url(endpoint: Endpoint, row_id: str = NOBODYS_ID) -> str:
    """The endpoint's address with this id in each place of one."""
    return re.sub(r"\{[^}]+\}", row_id, endpoint.path)


def body_of(endpoint: Endpoint) -> dict[str, Any]:
    """Arguments for a request without a valid body: refused after the rights are checked, before anything happens."""
    return {"content": orjson.dumps({"no_such_field": 1})} if endpoint.body_model is not None else {}
