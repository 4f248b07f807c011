"""The adapter against the running sandbox: real HTTP, real signatures, Meta's refusals and faults."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import httpx
import pytest

from app.core.addresses import Address
from app.core.http import provider_client
from channels.content import (
    Button,
    Buttons,
    Choice,
    ContactCard,
    ContactRequest,
    Contacts,
    Content,
    LinkButton,
    List,
    Location,
    LocationRequest,
    MediaKind,
    MediaMessage,
    Row,
    Section,
    Template,
    TemplateParameters,
    Text,
    Unsupported,
)
from channels.contract import (
    AddressChanged,
    ChannelAccount,
    ChannelIO,
    ConsentChanged,
    DeliveryReceipt,
    DeliveryStatus,
    InboundEvent,
    InboundMessage,
    MessageDeleted,
    MessageEdited,
    Reaction,
    TemplateChanged,
    WebhookRequest,
)
from channels.errors import (
    AccountError,
    AccountRefused,
    MediaError,
    MessageRefused,
    NotSent,
    OutcomeUnknown,
    RecipientOptedOut,
    RecipientUnreachable,
    ReplyWindowClosed,
    SendError,
    SignatureInvalid,
    TemplateRefused,
    Throttled,
)
from channels.template_drafts import TemplateDraft
from channels.whatsapp import ADAPTER
from tests.channels.whatsapp import support
from tests.support import servers

ROOT = Path(__file__).parents[3]
NUMBER_ID, WABA_ID, APP_ID = "100000000000077", "200000000000077", "300000000000077"
ACCOUNT = ChannelAccount(
    id="acc_77",
    workspace_id="ws_1",
    kind="whatsapp",
    name="Linden",
    address="+12025550177",
    config={"phone_number_id": NUMBER_ID, "waba_id": WABA_ID, "app_id": APP_ID},
    secrets={"access_token": "EAAsandbox77", "app_secret": "secret-77", "verify_token": "ve_77"},
)
ANA = Address("whatsapp", "+12025550131")
ANA_ID = Address("whatsapp", "US.EXAMPLEANA")
HIDDEN_ID = Address("whatsapp", "US.EXAMPLEBO")
SAMPLES = ROOT / "sandbox" / "samples"
SAMPLE: dict[str, tuple[str, str]] = {
    "image": ("photo.jpg", "image/jpeg"),
    "video": ("video.mp4", "video/mp4"),
    "audio": ("music.mp3", "audio/mpeg"),
    "voice": ("voice.ogg", "audio/ogg; codecs=opus"),
    "document": ("document.pdf", "application/pdf"),
    "sticker": ("sticker.webp", "image/webp"),
}

Event = TypeVar("Event")


@dataclass
class Receiver:
    """Where Meta's webhooks arrive: the challenge is answered, every payload is verified, parsed and replayed."""

    events: list[InboundEvent] = field(default_factory=list)
    challenged: int = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        query = dict(parse_qsl(scope["query_string"].decode()))
        status, answer = self._answer(WebhookRequest(scope["method"], "", headers, query, body))
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": answer})

    def _answer(self, request: WebhookRequest) -> tuple[int, bytes]:
        try:
            if request.method == "GET":
                self.challenged += 1
                return 200, ADAPTER.challenge(ACCOUNT, request).encode()
            ADAPTER.verify(ACCOUNT, request)
        except SignatureInvalid:
            return 403, b""
        for event in ADAPTER.parse(ACCOUNT, request.body, request.headers):
            assert ADAPTER.parse(ACCOUNT, event.raw, {}) == [event]
            self.events.append(event)
        return 200, ADAPTER.reply(ACCOUNT)[1]

    async def first(self, kind: type[Event], fits: Callable[[Any], bool] = lambda event: True) -> Event:
        """The first event of that kind which fits, now or within five seconds."""
        async with asyncio.timeout(5):
            while True:
                for event in self.events:
                    if isinstance(event, kind) and fits(event):
                        return event
                await asyncio.sleep(0.01)


@dataclass
class Sandbox:
    """The pretend Meta and its customers."""

    url: str
    control: httpx.AsyncClient
    io: ChannelIO
    receiver: Receiver
    receiver_url: str

    async def does(self, customer: str = "ana", **what: Any) -> str | None:
        """A customer's act; the provider's id of its message."""
        answer = await self.post("inbound", channel="whatsapp", account=NUMBER_ID, customer=customer, **what)
        found: str | None = answer["provider_message_id"]
        return found

    async def post(self, path: str, **data: Any) -> dict[str, Any]:
        answer = await self.control.post(f"/_sandbox/{path}", json=data)
        assert answer.is_success, answer.text
        return dict(answer.json())

    async def put(self, path: str, **data: Any) -> None:
        answer = await self.control.put(f"/_sandbox/{path}", json=data)
        assert answer.is_success, answer.text

    async def last_sent(self) -> dict[str, Any]:
        answer = await self.control.get("/_sandbox/ledger?channel=whatsapp&direction=out&newest=1")
        return dict(answer.json()["entries"][-1])

    async def send(self, content: Content, **more: Any) -> str:
        message = support.outbound(content, **({"to": ANA} | more))
        return (await ADAPTER.send(self.io, ACCOUNT, message)).external_ids[0]


def written_by(name: str) -> Callable[[Any], bool]:
    return lambda event: event.sender.name == name


def in_state(status: DeliveryStatus) -> Callable[[Any], bool]:
    return lambda event: event.status is status


@asynccontextmanager
async def running_sandbox() -> AsyncIterator[str]:
    port = servers.free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", "--empty", "--port", str(port), cwd=ROOT
    )
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient() as client, asyncio.timeout(30):
            while True:
                try:
                    await client.get(f"{url}/_sandbox/state")
                    break
                except httpx.TransportError:
                    assert process.returncode is None, "the sandbox did not start"
                    await asyncio.sleep(0.05)
        yield url
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture(scope="module")
async def sandbox_url() -> AsyncIterator[str]:
    async with running_sandbox() as url:
        yield url


@pytest.fixture
async def sandbox(sandbox_url: str) -> AsyncIterator[Sandbox]:
    """Fresh for each test: our number, connected; Ana, who has just written, and Bo, who hides his number."""
    receiver = Receiver()
    async with (
        servers.live(receiver) as receiver_url,
        provider_client() as http,
        httpx.AsyncClient(base_url=sandbox_url) as control,
    ):
        made = Sandbox(sandbox_url, control, support.io(http, f"{sandbox_url}/graph"), receiver, receiver_url)
        await made.post("reset", seed=False)
        await made.put("knobs", status_delay_ms={"sent": 10, "delivered": 20, "read": 30}, template_review_ms=10)
        await made.put(
            f"accounts/whatsapp/{NUMBER_ID}",
            access_token="EAAsandbox77",
            app_secret="secret-77",
            waba_id=WABA_ID,
            app_id=APP_ID,
            display_phone_number="+12025550177",
        )
        await made.put(
            "customers",
            customers=[
                {"id": "ana", "name": "Ana", "phone": ANA.value, "bsuid": ANA_ID.value},
                {"id": "bo", "name": "Bo", "phone": "+12025550132", "bsuid": HIDDEN_ID.value, "hides_phone": True},
                {"id": "cy", "name": "Cy", "phone": "+12025550133", "bsuid": "US.EXAMPLECY"},
            ],
        )
        await ADAPTER.connect(made.io, ACCOUNT, f"{receiver_url}/webhooks/whatsapp/acc_77")
        for customer in ("ana", "bo"):
            await made.does(customer, text="Hello")
            await receiver.first(InboundMessage, written_by(customer.title()))
        receiver.events.clear()
        yield made


# --- the account --------------------------------------------------------------------------------------------------


async def test_an_account_is_checked(sandbox: Sandbox) -> None:
    facts = await ADAPTER.check(sandbox.io, ACCOUNT)
    assert (facts.address, facts.quality, facts.limits, facts.warnings) == ("+12025550177", "GREEN", "TIER_2K", ())
    assert facts.name


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"config": {**ACCOUNT.config, "phone_number_id": "1"}}, "phone_number_id"),
        ({"config": {**ACCOUNT.config, "waba_id": "2"}}, "waba_id"),
        ({"config": {**ACCOUNT.config, "app_id": "3"}}, "app_id"),
        ({"secrets": {**ACCOUNT.secrets, "access_token": "EAAwrong"}}, "access_token"),
        ({"secrets": {**ACCOUNT.secrets, "access_token": ""}}, "access_token"),
    ],
)
async def test_a_wrong_value_is_named(sandbox: Sandbox, change: dict[str, Any], field: str) -> None:
    with pytest.raises(AccountError) as caught:
        await ADAPTER.check(sandbox.io, replace(ACCOUNT, **change))
    assert caught.value.field == field


async def test_a_token_that_ends_is_told(sandbox: Sandbox) -> None:
    await sandbox.put(f"accounts/whatsapp/{NUMBER_ID}", token_expires_at=4_000_000_000)
    facts = await ADAPTER.check(sandbox.io, ACCOUNT)
    assert facts.token_expires_at is not None
    assert facts.token_expires_at.timestamp() == 4_000_000_000
    await sandbox.put(f"accounts/whatsapp/{NUMBER_ID}", token_expires_at=1)
    with pytest.raises(AccountError) as caught:
        await ADAPTER.check(sandbox.io, ACCOUNT)
    assert caught.value.field == "access_token"


async def test_connecting_answers_the_challenge_or_says_why_not(sandbox: Sandbox) -> None:
    assert sandbox.receiver.challenged == 1
    stranger = replace(ACCOUNT, secrets={**ACCOUNT.secrets, "verify_token": "another"})
    with pytest.raises(AccountError, match="403"):
        await ADAPTER.connect(sandbox.io, stranger, sandbox.receiver_url)


async def test_a_disconnected_account_hears_nothing(sandbox: Sandbox) -> None:
    await ADAPTER.disconnect(sandbox.io, ACCOUNT)
    await sandbox.does(text="Anybody there?")
    await asyncio.sleep(0.3)
    assert sandbox.receiver.events == []


# --- out ----------------------------------------------------------------------------------------------------------

MENU = List(
    text="Pick a slot",
    header="Slots",
    footer="Linden",
    button="Slots",
    sections=(Section(title="Tomorrow", rows=(Row(id="slot_9", title="09:00", description="Main branch"),)),),
)
YES_NO = (Button(id="yes", title="Yes"), Button(id="no", title="No"))
SENDABLE: list[tuple[str, Content]] = [
    ("text", Text(text="See https://example.test \N{GRINNING FACE}")),
    ("location", Location(latitude=5.6037, longitude=-0.187, name="Shop", address="1 Example Rd")),
    (
        "contacts",
        Contacts(contacts=(ContactCard(name="Help Desk", phones=("+12025550101",), emails=("h@example.test",)),)),
    ),
    ("interactive", Buttons(text="Confirm?", header="Order", footer="Linden", buttons=YES_NO)),
    (
        "interactive",
        Buttons(text="Which?", buttons=tuple(Button(id=f"b{index}", title=f"No. {index}") for index in range(10))),
    ),
    ("interactive", MENU),
    ("interactive", LinkButton(text="Pay securely", label="Pay now", url="https://example.test/p/1")),
    ("interactive", LocationRequest(text="Where are you?")),
    ("interactive", ContactRequest(text="May we have your number?")),
]


@pytest.mark.parametrize(("kind", "content"), SENDABLE, ids=[f"{kind}-{c.type}" for kind, c in SENDABLE])
@pytest.mark.parametrize("to", [ANA, HIDDEN_ID], ids=["number", "id"])
async def test_everything_is_taken(sandbox: Sandbox, kind: str, content: Content, to: Address) -> None:
    sent = await sandbox.send(content, to=to)
    entry = await sandbox.last_sent()
    assert (entry["provider_id"], entry["type"], entry["correlation"]) == (sent, kind, "msg_1")
    assert entry["customer"] == ("ana" if to == ANA else "bo")


@pytest.mark.parametrize("kind", list(SAMPLE))
async def test_files_are_uploaded_and_sent(sandbox: Sandbox, kind: MediaKind) -> None:
    name, mime = SAMPLE[kind]
    data = (SAMPLES / name).read_bytes()
    upload = support.file(kind, mime, name, data)
    caption = "Look" if kind in ("image", "video", "document") else None
    await sandbox.send(MediaMessage(media=upload.media, caption=caption), file=upload)
    entry = await sandbox.last_sent()
    assert entry["type"] == ("audio" if kind == "voice" else kind)
    assert entry["body"].get("text") == caption
    assert bool(entry["body"].get("voice")) is (kind == "voice")
    [shown] = entry["body"]["media"]
    got = await sandbox.control.get(f"/_sandbox/media/{shown['id']}")
    assert got.content == data


async def test_a_message_is_quoted_reacted_to_read_and_typed_at(sandbox: Sandbox) -> None:
    theirs = await sandbox.does(text="How much?")
    assert theirs
    await ADAPTER.show_typing(sandbox.io, ACCOUNT, ANA, theirs)
    await ADAPTER.mark_read(sandbox.io, ACCOUNT, ANA, theirs)
    await ADAPTER.react(sandbox.io, ACCOUNT, ANA, theirs, "\N{THUMBS UP SIGN}")
    await ADAPTER.react(sandbox.io, ACCOUNT, ANA, theirs, "")
    await sandbox.send(Text(text="42"), reply_to=theirs)
    assert (await sandbox.last_sent())["body"]["quote"] == theirs
    with pytest.raises(SendError):
        await ADAPTER.mark_read(sandbox.io, ACCOUNT, ANA, "wamid.NOBODYS")


async def test_a_message_is_sent_delivered_and_read(sandbox: Sandbox) -> None:
    await sandbox.put("knobs", read="auto")
    sent = await sandbox.send(Text(text="Hi"))
    for status in (DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ):
        receipt = await sandbox.receiver.first(DeliveryReceipt, in_state(status))
        assert (receipt.external_id, receipt.correlation) == (sent, "msg_1")
    first = await sandbox.receiver.first(DeliveryReceipt)
    assert first.price_category == "service"


TEMPLATES: list[tuple[str, str, dict[str, Any]]] = [
    ("order_update", "en_US", {"body": {"1": "Ana", "2": "1001", "3": "Monday"}}),
    ("welcome_named", "en", {"body": {"first_name": "Ana", "code": "HELLO10"}}),
    ("delivery_slot", "en_US", {"header": {"1": "1001"}, "body": {"1": "Ana"}, "buttons": {"2": "1001", "0": "yes"}}),
    ("new_collection", "en_US", {"body": {"1": "Ana"}, "header_file_id": "file_1"}),
]


@pytest.mark.parametrize(("name", "language", "parameters"), TEMPLATES)
async def test_a_listed_template_is_previewed_and_sent_to_somebody_new(
    sandbox: Sandbox, name: str, language: str, parameters: dict[str, Any]
) -> None:
    listed = {(item.name, item.language): item for item in await ADAPTER.list_templates(sandbox.io, ACCOUNT)}
    template = listed[name, language]
    assert template.status == "APPROVED"
    preview = ADAPTER.preview_template(template, parameters)
    assert preview["missing"] == []
    content = Template(
        name=name,
        language=language,
        parameters=TemplateParameters(**parameters),
        components=tuple(dict(component) for component in template.components),
    )
    file = None
    if "header_file_id" in parameters:
        file = support.file("image", "image/jpeg", "photo.jpg", (SAMPLES / "photo.jpg").read_bytes())
    await sandbox.send(content, to=Address("whatsapp", "+12025550133"), file=file)
    entry = await sandbox.last_sent()
    assert entry["body"]["text"] == preview["body"]
    assert entry["body"]["template"]["name"] == name


async def test_offers_and_codes_are_written_approved_and_sent(sandbox: Sandbox) -> None:
    await sandbox.put("knobs", template_review_ms=1)
    shop = {"kind": "url", "text": "Shop", "url": "https://example.com/{{1}}", "example": "https://example.com/a"}
    offer = {
        "name": "half_price",
        "language": "en",
        "category": "MARKETING",
        "body": "Half the price on everything.",
        "offer": {"text": "Ends soon"},
        "buttons": [{"kind": "copy_code", "example": "HALF50"}, shop],
    }
    code = {"name": "login_code", "language": "en", "category": "AUTHENTICATION", "code": {"expires_minutes": 10}}
    ends_at = datetime(2027, 1, 31, 18, tzinfo=UTC)
    given = {
        "half_price": TemplateParameters(buttons={"0": "HALF77", "1": "spring"}, offer_ends_at=ends_at),
        "login_code": TemplateParameters(body={"1": "482913"}),
    }
    for draft in (TemplateDraft.model_validate(offer), TemplateDraft.model_validate(code)):
        made = await ADAPTER.create_template(sandbox.io, ACCOUNT, draft, {})
        assert made.status == "PENDING"
        await sandbox.receiver.first(TemplateChanged, lambda event, name=draft.name: event.name == name)
        listed = {row.name: row for row in await ADAPTER.list_templates(sandbox.io, ACCOUNT)}
        template = listed[draft.name]
        content = Template(
            name=draft.name,
            language="en",
            parameters=given[draft.name],
            components=tuple(dict(component) for component in template.components),
        )
        assert ADAPTER.preview_template(template, content.parameters.model_dump())["missing"] == []
        await sandbox.send(content, to=Address("whatsapp", "+12025550133"))
        sent = (await sandbox.last_sent())["body"]
        if draft.name == "half_price":
            assert sent["offer"] == {"text": "Ends soon", "ends_at_ms": int(ends_at.timestamp() * 1000)}
            assert [button.get("id") or button["url"] for button in sent["buttons"]] == [
                "HALF77",
                "https://example.com/spring",
            ]
        else:
            assert sent["text"] == "*482913* is your verification code."
            assert sent["buttons"][0]["id"] == "482913"


# --- refusals and faults ------------------------------------------------------------------------------------------


async def test_the_window_is_closed_for_somebody_new(sandbox: Sandbox) -> None:
    with pytest.raises(ReplyWindowClosed) as caught:
        await sandbox.send(Text(text="Hi"), to=Address("whatsapp", "+12025550133"))
    assert caught.value.provider_code == "131047"


def named(name: str, components: tuple[dict[str, Any], ...] = ()) -> Template:
    return Template(name=name, language="en_US", components=components)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (named("nobody_knows"), "132001"),
        (named("winter_sale"), "132015"),
        (named("order_update"), "132000"),
    ],
)
async def test_a_template_is_refused(sandbox: Sandbox, content: Template, code: str) -> None:
    with pytest.raises(TemplateRefused) as caught:
        await sandbox.send(content)
    assert caught.value.provider_code == code


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (190, AccountRefused),
        (131042, AccountRefused),
        (368, AccountRefused),
        (130429, Throttled),
        (131056, Throttled),
        (2, NotSent),
        (131000, NotSent),
        (131057, NotSent),
        (131009, MessageRefused),
        (132016, TemplateRefused),
        (130403, RecipientUnreachable),
    ],
)
async def test_a_code_becomes_its_error(sandbox: Sandbox, code: int, error: type[SendError]) -> None:
    await sandbox.put("knobs", fail_next={"code": code, "count": 1})
    with pytest.raises(error) as caught:
        await sandbox.send(Text(text="Hi"))
    assert caught.value.provider_code == str(code)
    await sandbox.send(Text(text="Hi again"))


@pytest.mark.parametrize(
    ("code", "ours"),
    [(131026, "unreachable"), (131050, "opted_out"), (131049, "recipient_capped"), (131048, "sender_restricted")],
)
async def test_a_code_may_come_later(sandbox: Sandbox, code: int, ours: str) -> None:
    await sandbox.put("knobs", fail_next={"code": code, "count": 1})
    sent = await sandbox.send(Text(text="Hi"))
    receipt = await sandbox.receiver.first(DeliveryReceipt, in_state(DeliveryStatus.FAILED))
    assert receipt.external_id == sent
    assert receipt.error is not None
    assert (receipt.error.code, receipt.error.provider_code) == (ours, str(code))


async def test_a_person_who_stopped_marketing(sandbox: Sandbox) -> None:
    await sandbox.does(type="marketing_stop")
    stopped = await sandbox.receiver.first(ConsentChanged)
    assert (stopped.granted, stopped.source, stopped.sender.address) == (False, "provider_stop", ANA)
    await sandbox.put("knobs", late_codes=[])
    components = ({"type": "BODY", "text": "Welcome {{first_name}}! {{code}}."},)
    offer = Template(
        name="welcome_named",
        language="en",
        components=components,
        parameters=TemplateParameters(body={"first_name": "Ana", "code": "X"}),
    )
    with pytest.raises(RecipientOptedOut) as caught:
        await sandbox.send(offer)
    assert caught.value.purpose == "marketing"
    await sandbox.does(type="marketing_resume")
    resumed = await sandbox.receiver.first(ConsentChanged, lambda event: event.granted)
    assert resumed.source == "provider_resume"


async def test_a_held_template_is_noted(sandbox: Sandbox) -> None:
    await sandbox.put("knobs", hold_templates=True)
    components = ({"type": "BODY", "text": "{{1}} {{2}} {{3}}"},)
    parameters = TemplateParameters(body={"1": "Ana", "2": "1001", "3": "Monday"})
    content = Template(name="order_update", language="en_US", components=components, parameters=parameters)
    result = await ADAPTER.send(sandbox.io, ACCOUNT, support.outbound(content, to=ANA))
    assert result.note is not None


async def test_the_pair_is_slowed_down(sandbox: Sandbox) -> None:
    await sandbox.put("knobs", pair_burst=2)
    await sandbox.send(Text(text="Hi"))
    await sandbox.send(Text(text="Hi again"))
    with pytest.raises(Throttled) as caught:
        await sandbox.send(Text(text="And again"))
    assert caught.value.scope == "pair"


@pytest.mark.parametrize("mode", ["drop", "hang"])
async def test_a_lost_answer_is_unknown_and_the_receipt_settles_it(sandbox: Sandbox, mode: str) -> None:
    await sandbox.put("knobs", timeout_after_accept_rate=1, timeout_mode=mode)
    sandbox.io.http.timeout = httpx.Timeout(1.0)
    with pytest.raises(OutcomeUnknown):
        await sandbox.send(Text(text="Hi"), id="msg_lost")
    receipt = await sandbox.receiver.first(DeliveryReceipt)
    assert receipt.correlation == "msg_lost"


async def test_an_outage_and_a_closed_door(sandbox: Sandbox) -> None:
    await sandbox.put("knobs", outage=True)
    with pytest.raises(NotSent):
        await sandbox.send(Text(text="Hi"))
    with pytest.raises(AccountError):
        await ADAPTER.check(sandbox.io, ACCOUNT)
    nowhere = replace(sandbox.io, graph_url=f"http://127.0.0.1:{servers.free_port()}/graph")
    with pytest.raises(NotSent):
        await ADAPTER.send(nowhere, ACCOUNT, support.outbound(Text(text="Hi"), to=ANA))


# --- in -----------------------------------------------------------------------------------------------------------


async def received(sandbox: Sandbox, **what: Any) -> InboundMessage:
    sent = await sandbox.does(**what)
    return await sandbox.receiver.first(InboundMessage, lambda event: event.external_id == sent)


@pytest.mark.parametrize(
    ("what", "content"),
    [
        ({"text": "Hé \N{GRINNING FACE} / ok"}, Text(text="Hé \N{GRINNING FACE} / ok")),
        (
            {"type": "location", "latitude": 5.6, "longitude": -0.1, "name": "Shop"},
            Location(latitude=5.6, longitude=-0.1, name="Shop"),
        ),
        (
            {"type": "contacts"},
            Contacts(contacts=(ContactCard(name="Kofi Example", phones=("+12025550150",)),)),
        ),
        ({"type": "button_reply", "button_id": "yes", "title": "Yes"}, Choice(id="yes", title="Yes")),
        ({"type": "list_reply", "button_id": "s9", "title": "09:00"}, Choice(id="s9", title="09:00")),
        (
            {"type": "button", "button_id": "STOP_PROMO", "title": "Stop"},
            Choice(id="STOP_PROMO", title="Stop"),
        ),
        ({"type": "call_permission_reply"}, Choice(id="call_permission_accept", title="Calls: accept")),
        ({"type": "unknown", "real_type": "hologram"}, Unsupported(what="hologram")),
    ],
)
async def test_what_people_send_arrives(sandbox: Sandbox, what: dict[str, Any], content: Content) -> None:
    message = await received(sandbox, **what)
    assert message.content == content
    assert (message.sender.address, message.sender.aliases, message.sender.name) == (ANA, (ANA_ID,), "Ana")
    assert message.order_key == ANA_ID.value


async def test_a_hidden_number_is_an_id_until_it_is_shared(sandbox: Sandbox) -> None:
    message = await received(sandbox, customer="bo", text="Hi")
    assert (message.sender.address, message.sender.aliases) == (HIDDEN_ID, ())
    shared = await received(sandbox, customer="bo", type="contact_request")
    assert shared.sender.address == Address("whatsapp", "+12025550132")
    assert shared.sender.aliases == (HIDDEN_ID,)
    assert shared.sender.verified_phone == "+12025550132"


@pytest.mark.parametrize("kind", list(SAMPLE))
async def test_files_arrive_and_are_fetched(sandbox: Sandbox, kind: MediaKind) -> None:
    message = await received(sandbox, type=kind)
    assert isinstance(message.content, MediaMessage)
    media = message.content.media
    assert (media.kind, media.state) == (kind, "pending")
    assert media.source is not None
    fetched = await ADAPTER.fetch_media(sandbox.io, ACCOUNT, media.source, 10**7)
    assert fetched.data == (SAMPLES / SAMPLE[kind][0]).read_bytes()
    assert fetched.mime == SAMPLE[kind][1]
    with pytest.raises(MediaError) as caught:
        await ADAPTER.fetch_media(sandbox.io, ACCOUNT, media.source, 10)
    assert not caught.value.retryable


async def test_a_file_that_is_gone_is_not_asked_for_for_ever(sandbox: Sandbox) -> None:
    with pytest.raises(MediaError) as caught:
        await ADAPTER.fetch_media(sandbox.io, ACCOUNT, {"id": "404"}, 10**7)
    assert not caught.value.retryable


async def test_quotes_edits_removals_and_reactions_name_their_message(sandbox: Sandbox) -> None:
    ours = await sandbox.send(Text(text="Is nine fine?"))
    quoting = await received(sandbox, text="Yes", reply_to=ours)
    assert quoting.reply_to == ours
    await sandbox.does(type="edit", target=quoting.external_id, text="No")
    edited = await sandbox.receiver.first(MessageEdited)
    assert (edited.external_id, edited.content) == (quoting.external_id, Text(text="No"))
    await sandbox.does(type="revoke", target=quoting.external_id)
    assert (await sandbox.receiver.first(MessageDeleted)).external_id == quoting.external_id
    await sandbox.does(type="reaction", target=ours, emoji="\N{THUMBS UP SIGN}")
    reaction = await sandbox.receiver.first(Reaction)
    assert (reaction.external_id, reaction.emoji) == (ours, "\N{THUMBS UP SIGN}")
    await sandbox.does(type="reaction", target=ours)
    assert await sandbox.receiver.first(Reaction, lambda event: event.emoji == "")


async def test_a_new_number_is_told_three_times_and_counts_twice(sandbox: Sandbox) -> None:
    await sandbox.does(type="number_change", phone="+12025550139")
    by_phone = await sandbox.receiver.first(AddressChanged, lambda event: event.old == ANA)
    assert by_phone.new == Address("whatsapp", "+12025550139")
    by_id = await sandbox.receiver.first(AddressChanged, lambda event: event.old == ANA_ID)
    await asyncio.sleep(0.1)
    told = [event for event in sandbox.receiver.events if isinstance(event, AddressChanged)]
    assert len(told) == 3
    assert {event.key for event in told} == {by_phone.key, by_id.key}


async def test_a_batch_arrives_whole(sandbox: Sandbox) -> None:
    sent = await sandbox.send(Text(text="Hi"))
    items = [
        {"customer": "ana", "text": "one"},
        {"customer": "bo", "text": "two"},
        {"message": sent, "status": "read"},
        {"customer": "ana", "text": "three"},
    ]
    for layout in ("messages", "changes", "entries"):
        sandbox.receiver.events.clear()
        await sandbox.post("inbound/batch", account=NUMBER_ID, items=items, layout=layout)
        await sandbox.receiver.first(
            InboundMessage, lambda event: isinstance(event.content, Text) and event.content.text == "three"
        )
        await sandbox.receiver.first(DeliveryReceipt, in_state(DeliveryStatus.READ))
        said = {
            (event.sender.name, event.content.text)
            for event in sandbox.receiver.events
            if isinstance(event, InboundMessage) and isinstance(event.content, Text)
        }
        assert said == {("Ana", "one"), ("Bo", "two"), ("Ana", "three")}


async def test_a_template_that_is_paused_is_told(sandbox: Sandbox) -> None:
    await ADAPTER.list_templates(sandbox.io, ACCOUNT)
    await sandbox.post("template_status", waba_id=WABA_ID, name="order_update", language="en_US", status="PAUSED")
    changed = await sandbox.receiver.first(TemplateChanged)
    assert (changed.name, changed.language, changed.change) == ("order_update", "en_US", "paused")


async def test_a_forged_webhook_is_refused(sandbox: Sandbox) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.post(
            sandbox.receiver_url,
            content=support.payload("text"),
            headers={"x-hub-signature-256": "sha256=" + "0" * 64},
        )
    assert answer.status_code == 403
    assert sandbox.receiver.events == []
