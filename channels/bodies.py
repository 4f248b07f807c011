"""JSON that somebody else wrote: bodies of webhooks, and what a visitor's browser says."""

import json
from typing import Any

import orjson


def load(body: bytes) -> Any:
    """The JSON value. Raises ValueError."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _repaired(body)


def mended(text: str) -> str:
    """The same JSON with a question mark for each half of an emoji; what is no JSON is left as it is."""
    if "\\ud" not in text.lower():
        return text
    try:
        return orjson.dumps(load(text.encode())).decode()
    except ValueError:
        return text


def _repaired(body: bytes) -> Any:
    # Half an emoji (a lone surrogate, which orjson refuses) in one text must not cost us all that came with it.
    try:
        text = json.dumps(json.loads(body), ensure_ascii=False)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return orjson.loads(text.encode("utf-8", "replace"))
