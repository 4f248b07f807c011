"""The demo's translation service: the sandbox's LibreTranslate, so that translating can be tried at once."""

from app.core.permissions import SYSTEM
from app.core.runtime import Workspace
from inbox.translating import translator


async def connect(ws: Workspace, sandbox_url: str) -> None:
    """Once; and again where the sandbox has moved to another port. What somebody has connected themselves stays."""
    url = ws.settings.libretranslate_url
    if not url.startswith(f"{sandbox_url}/"):
        return
    known = await translator.get(ws)
    if known is not None and (known.url == url or not known.url.endswith("/libretranslate")):
        return
    revision = known.revision if known else 0
    await translator.connect(ws, SYSTEM, kind="libretranslate", url=url, key="", revision=revision)
