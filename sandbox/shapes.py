"""Reading untrusted JSON without surprises, and answering with JSON: the few helpers every other module uses."""

from __future__ import annotations

from typing import Any, TypeAlias

import orjson
from starlette.requests import Request
from starlette.responses import Response

Json: TypeAlias = dict[str, Any]


class ControlError(Exception):
    """A request to the sandbox's own control API that makes no sense; answered 400 (or `status`) with the words."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class JsonResponse(Response):
    """A response of any JSON value, encoded by orjson."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


def load_object(raw: bytes) -> Json | None:
    """The JSON object in `raw`; None if it is anything else."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


async def control_object(request: Request) -> Json:
    """The body of a control request, which must be a JSON object (an empty body counts as `{}`)."""
    raw = await request.body()
    if not raw:
        return {}
    value = load_object(raw)
    if value is None:
        raise ControlError("the body must be a JSON object")
    return value


def text_of(data: Json, key: str, default: str = "") -> str:
    """A string member; `default` when absent or null, ControlError when it is something else."""
    value = data.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ControlError(f"{key} must be a string")
    return str(value)


def number_of(data: Json, key: str, default: float) -> float:
    """A number member; `default` when absent or null."""
    value = data.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ControlError(f"{key} must be a number")
    return float(value)


def flag_of(data: Json, key: str, default: bool = False) -> bool:
    """A true or false member."""
    value = data.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise ControlError(f"{key} must be true or false")
    return value


def texts_of(data: Json, key: str) -> list[str]:
    """A list of strings; empty when absent."""
    value = data.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ControlError(f"{key} must be a list of strings")
    return list(value)


def object_of(data: Json, key: str) -> Json:
    """An object member; empty when absent."""
    value = data.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ControlError(f"{key} must be an object")
    return value


def digits(phone: str) -> str:
    """Only the digits of a phone number, the form Meta calls wa_id."""
    return "".join(char for char in phone if char.isascii() and char.isdigit())
