"""Parameters of a call, from wherever the caller put them: query, form, multipart or JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.datastructures import UploadFile
from starlette.requests import Request

from sandbox.shapes import Json
from sandbox.telegram.errors import TelegramError, bad

_MAX_UPLOAD = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came in the multipart body."""

    name: str
    mime: str
    content: bytes


@dataclass(slots=True)
class Params:
    """All parameters; nested ones may be JSON in a string, numbers may be strings."""

    values: Json = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """A string."""
        value = self.values.get(name)
        if value is None:
            return default
        if isinstance(value, dict | list):
            raise bad(f"{name} must be a string")
        return str(value)

    def whole(self, name: str, default: int = 0) -> int:
        """A whole number; anything else counts as not given, as the real server does."""
        value = self.values.get(name)
        try:
            return int(value) if value not in (None, "") and not isinstance(value, dict | list) else default
        except (TypeError, ValueError):
            return default

    def real(self, name: str) -> float:
        """A number that must be there."""
        try:
            return float(self.values[name])
        except (KeyError, TypeError, ValueError):
            raise bad(f"{name} is empty") from None

    def flag(self, name: str) -> bool:
        """True or false in any spelling."""
        value = self.values.get(name)
        return value is True or (isinstance(value, str | int) and str(value).lower() in ("true", "1", "yes"))

    def nested(self, name: str) -> Any:
        """An object or a list, parsed when it came as a string; None when absent."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            raise bad(f"can't parse {name} JSON object") from None


async def read(request: Request) -> Params:
    """Gather the parameters of a request."""
    params = Params(values=dict(request.query_params))
    if request.method != "POST":
        return params
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "application/json":
        raw = await request.body()
        try:
            decoded = orjson.loads(raw) if raw else {}
        except orjson.JSONDecodeError:
            raise bad("can't parse JSON object") from None
        if not isinstance(decoded, dict):
            raise bad("object expected")
        params.values.update(decoded)
    elif kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        if int(request.headers.get("content-length") or 0) > _MAX_UPLOAD + 1024 * 1024:
            raise TelegramError(413, "Request Entity Too Large")
        async with request.form(max_part_size=1024 * 1024) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    content = await value.read()
                    params.files[name] = Upload(value.filename or name, value.content_type or "", content)
                else:
                    params.values[name] = value
    return params
