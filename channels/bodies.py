"""Bodies of webhooks as JSON, for every channel whose provider sends it."""

import json
from typing import Any

import orjson


def load(body: bytes) -> Any:
    """The JSON value. Raises ValueError."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _repaired(body)


def _repaired(body: bytes) -> Any:
    # Half an emoji (a lone surrogate, which orjson refuses) in one text must not cost us all that came with it.
    try:
        text = json.dumps(json.loads(body), ensure_ascii=False)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return orjson.loads(text.encode("utf-8", "replace"))
