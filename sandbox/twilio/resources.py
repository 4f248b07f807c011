"""The account, its numbers with their webhooks, its messaging services, and the media of messages."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sandbox.accounts import MessagingService, TwilioAccount, TwilioNumber
from sandbox.clock import rfc2822
from sandbox.faults import world_of
from sandbox.shapes import Json, JsonResponse
from sandbox.twilio.auth import authorised, form_of
from sandbox.twilio.errors import TwilioError
from sandbox.twilio.hooks import valid_callback
from sandbox.twilio.messages import find
from sandbox.whatsapp.files import stream


async def account(request: Request) -> JsonResponse:
    """GET /Accounts/{AC}.json"""
    found = authorised(request)
    return JsonResponse(
        {
            "sid": found.id,
            "friendly_name": found.friendly_name,
            "status": "active",
            "type": "Full",
            "owner_account_sid": found.id,
            "date_created": "Sat, 21 Nov 2026 12:00:00 +0000",
            "date_updated": "Sat, 21 Nov 2026 12:00:00 +0000",
            "uri": f"/2010-04-01/Accounts/{found.id}.json",
            "subresource_uris": {"messages": f"/2010-04-01/Accounts/{found.id}/Messages.json"},
        }
    )


def _number(found: TwilioAccount, number: TwilioNumber) -> Json:
    return {
        "sid": number.sid,
        "account_sid": found.id,
        "phone_number": number.number,
        "friendly_name": number.number,
        "capabilities": {"sms": True, "mms": number.number.startswith("+1"), "voice": False, "fax": False},
        "sms_url": number.sms_url,
        "sms_method": "POST",
        "sms_fallback_url": "",
        "sms_fallback_method": "POST",
        "status_callback": number.status_callback,
        "status_callback_method": "POST",
        "api_version": "2010-04-01",
        "status": "in-use",
        "uri": f"/2010-04-01/Accounts/{found.id}/IncomingPhoneNumbers/{number.sid}.json",
    }


async def numbers(request: Request) -> JsonResponse:
    """GET /Accounts/{AC}/IncomingPhoneNumbers.json?PhoneNumber="""
    found = authorised(request)
    wanted = request.query_params.get("PhoneNumber")
    shown = [_number(found, item) for item in found.numbers.values() if wanted is None or wanted in item.number]
    base = f"/2010-04-01/Accounts/{found.id}/IncomingPhoneNumbers.json"
    return JsonResponse(
        {
            "incoming_phone_numbers": shown,
            "page": 0,
            "page_size": 50,
            "start": 0,
            "end": max(0, len(shown) - 1),
            "first_page_uri": f"{base}?PageSize=50&Page=0",
            "next_page_uri": None,
            "previous_page_uri": None,
            "uri": f"{base}?PageSize=50&Page=0",
        }
    )


async def number(request: Request) -> JsonResponse:
    """GET and POST (SmsUrl, StatusCallback) /Accounts/{AC}/IncomingPhoneNumbers/{PN}.json"""
    world, found = world_of(request), authorised(request)
    sid = request.path_params["sid"]
    chosen = next((item for item in found.numbers.values() if item.sid == sid), None)
    if chosen is None:
        raise TwilioError(20404, f"The requested resource {request.url.path} was not found")
    if request.method == "POST":
        form = await form_of(request)
        for name, attribute in (("SmsUrl", "sms_url"), ("StatusCallback", "status_callback")):
            if name in form.values:
                url = form.get(name)
                if url and not valid_callback(url):
                    raise TwilioError(21502, f"{name} is not a valid URL: {url}")
                setattr(chosen, attribute, url)
        world.put_account("twilio", found)
    return JsonResponse(_number(found, chosen))


def _service(service: MessagingService, account_sid: str) -> Json:
    return {
        "sid": service.sid,
        "account_sid": account_sid,
        "friendly_name": service.friendly_name,
        "inbound_request_url": service.inbound_url or None,
        "inbound_method": "POST",
        "status_callback": service.status_callback or None,
        "use_inbound_webhook_on_number": not service.inbound_url,
        "url": f"https://messaging.twilio.com/v1/Services/{service.sid}",
    }


async def service(request: Request) -> JsonResponse:
    """GET and POST (InboundRequestUrl, StatusCallback) /v1/Services/{MG}"""
    world, found = world_of(request), authorised(request)
    chosen = found.services.get(request.path_params["sid"])
    if chosen is None:
        raise TwilioError(20404, f"The requested resource {request.url.path} was not found")
    if request.method == "POST":
        form = await form_of(request)
        for name, attribute in (("InboundRequestUrl", "inbound_url"), ("StatusCallback", "status_callback")):
            if name in form.values:
                setattr(chosen, attribute, form.get(name))
        world.put_account("twilio", found)
    return JsonResponse(_service(chosen, found.id))


async def services(request: Request) -> JsonResponse:
    """GET /v1/Services"""
    found = authorised(request)
    meta = {"page": 0, "page_size": 50, "next_page_url": None, "key": "services"}
    return JsonResponse({"services": [_service(item, found.id) for item in found.services.values()], "meta": meta})


async def media_list(request: Request) -> JsonResponse:
    """GET /Accounts/{AC}/Messages/{SM}/Media.json"""
    world, found = world_of(request), authorised(request)
    entry = find(world, found, request.path_params["sid"])
    gone = (entry.marks or {}).get("media_deleted", [])
    shown = [
        {
            "sid": item["id"],
            "account_sid": found.id,
            "parent_sid": entry.provider_id,
            "content_type": item["mime"],
            "date_created": rfc2822(entry.at),
            "date_updated": rfc2822(entry.at),
            "uri": f"/2010-04-01/Accounts/{found.id}/Messages/{entry.provider_id}/Media/{item['id']}.json",
        }
        for item in entry.view.get("media", [])
        if item["id"] not in gone
    ]
    return JsonResponse({"media_list": shown, "page": 0, "page_size": 50, "next_page_uri": None})


async def media_file(request: Request) -> Response:
    """GET /Accounts/{AC}/Messages/{SM}/Media/{ME}: a redirect to the bytes, for Basic auth only. DELETE removes it."""
    world, found = world_of(request), authorised(request)
    entry = find(world, found, request.path_params["sid"])
    media_id = request.path_params["media"]
    gone = (entry.marks or {}).get("media_deleted", [])
    if media_id in gone or media_id not in [item["id"] for item in entry.view.get("media", [])]:
        raise TwilioError(20404, f"The requested resource {request.url.path} was not found")
    if request.method == "DELETE":
        world.mark(entry, media_deleted=[*gone, media_id])
        return Response(status_code=204)
    # As at Twilio, the bytes lie elsewhere under an address that is its own secret.
    return RedirectResponse(f"/twilio/media/{found.id}/{media_id}", status_code=307)


async def stored(request: Request) -> Response:
    """GET /twilio/media/{AC}/{ME}: where the redirect leads."""
    world = world_of(request)
    found = world.media.get(request.path_params["media"])
    if found is None or found.account != request.path_params["account"]:
        return Response(status_code=404)
    return stream(world, found)
