"""What a workspace has settled about closing: reasons, thanks, silence, and the questions afterwards."""

from app.core.errors import Invalid
from app.core.permissions import Permission
from inbox.closing import closing
from inbox.closing.closing import ClosingSettings
from web.api.endpoint import ApiRequest, Endpoint


async def get_settings(request: ApiRequest) -> ClosingSettings:
    return await closing.settings_of(request.ws)


async def save_settings(request: ApiRequest, body: ClosingSettings) -> ClosingSettings:
    return await closing.save_settings(request.ws, request.actor, body)


ENDPOINTS = [
    Endpoint("GET", "/closing", get_settings, Permission.INBOX_READ, "What is settled about closing"),
    Endpoint(
        "PUT",
        "/closing",
        save_settings,
        Permission.INBOX_MANAGE,
        "Settle it: all of it at once; reasons without an id are new",
        errors=(Invalid,),
    ),
]
