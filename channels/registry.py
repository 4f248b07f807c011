"""Every folder here is a channel: this module finds them, imports each, and gives its ADAPTER."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import channels
from app.core.errors import NotFound
from channels.contract import ChannelAdapter


@cache
def adapters() -> Mapping[str, ChannelAdapter]:
    """Kind → adapter, for every channel folder. One that does not import, or lies about its kind, stops the start."""
    found: dict[str, ChannelAdapter] = {}
    for module in pkgutil.iter_modules(channels.__path__):
        if not module.ispkg:
            continue
        adapter = importlib.import_module(f"channels.{module.name}").ADAPTER
        if not isinstance(adapter, ChannelAdapter):
            raise TypeError(f"channels/{module.name}: ADAPTER does not keep the ChannelAdapter contract")
        if adapter.kind != module.name:
            raise TypeError(f"channels/{module.name}: ADAPTER.kind is {adapter.kind!r}")
        found[adapter.kind] = adapter
    return MappingProxyType(found)


def adapter(kind: str) -> ChannelAdapter:
    """The adapter of a kind. Raises NotFound."""
    try:
        return adapters()[kind]
    except KeyError:
        raise NotFound(f"There is no channel called '{kind}'.") from None
