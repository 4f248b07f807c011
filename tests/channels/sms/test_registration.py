"""What carriers are known to refuse: by country, sender and text; and that nothing of it is handed to Twilio."""

from dataclasses import replace

import pytest

from app.core.addresses import Address, country_of
from channels.content import Text
from channels.contract import ChannelIO, OutboundMessage, Purpose
from channels.errors import AccountError, MessageRefused
from channels.sms import ADAPTER, registration
from tests.channels.sms.build import account

US, TOLL_FREE, GB, INDIA = "+12025550123", "+18005550123", "+447700900123", "+918005550123"
DLT = {
    "dlt_entity_id": "1" * 19,
    "dlt_templates": [f"{'2' * 19} Dear {{#var#}}, boots at {{#var#}}. Reply STOP to end"],
}
FITS = "Dear Asha,  boots at half price. Reply STOP to end"

CASES = [
    # sender, what is filled in, to, text, why not
    (US, {}, US, "Hi", None),
    (US, {"campaign_state": "approved"}, US, "Hi", None),
    (US, {"campaign_state": "pending"}, US, "Hi", "sender_unregistered"),
    (US, {"campaign_state": "rejected"}, GB, "Hi", None),
    (TOLL_FREE, {"toll_free_state": "none", "campaign_state": "approved"}, US, "Hi", "sender_unregistered"),
    (TOLL_FREE, {"toll_free_state": "approved", "campaign_state": "none"}, US, "Hi", None),
    ("Parley", {}, US, "Hi", "sender_refused"),
    ("Parley", {}, "+6421000000", "Hi", "sender_refused"),
    ("Parley", {"registered_countries": "NZ"}, "+6421000000", "Hi", None),
    ("Parley", {}, GB, "Hi", None),
    ("Parley", {}, "+6581230000", "Hi", "sender_unregistered"),
    ("Parley", {"registered_countries": "ke, sg"}, "+6581230000", "Hi", None),
    ("PARLEY", {}, INDIA, "Anything", None),
    ("PARLEY", DLT, INDIA, FITS, None),
    ("PARLEY", DLT, INDIA, FITS.replace("half price", "a price far longer than a place may be"), "text_unregistered"),
    ("PARLEY", DLT, INDIA, "Something else", "text_unregistered"),
    ("PARLEY", DLT, GB, "Something else", None),
]


@pytest.mark.parametrize(("sender", "config", "to", "text", "why"), CASES)
async def test_what_is_known_to_be_refused_is_not_sent(
    io: ChannelIO, sender: str, config: dict[str, object], to: str, text: str, why: str | None
) -> None:
    ours = replace(account(sender=sender), config={**account().config, "sender": sender, **config})
    message = OutboundMessage(id="ent_1", to=Address("sms", to), purpose=Purpose.MARKETING, content=Text(text=text))
    found = registration.unregistered(ours, country_of(message.to), text)
    assert (found.code if found else None) == why
    if why is not None:
        with pytest.raises(MessageRefused) as refused:
            await ADAPTER.send(io, ours, message)
        assert refused.value.provider_code == why


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("brand_id", "12"),
        ("campaign_id", "BN0"),
        ("dlt_entity_id", "123"),
        ("dlt_templates", ["Dear {#var#}"]),
        ("registered_countries", "Kenya"),
    ],
)
def test_a_value_that_cannot_be_what_it_is_for_names_its_field(field: str, value: object) -> None:
    with pytest.raises(AccountError) as error:
        registration.check(replace(account(), config={**account().config, field: value}))
    assert error.value.field == field
