"""The six templates that every business account starts with."""

from __future__ import annotations

from sandbox.shapes import Json

SEEDS: tuple[Json, ...] = (
    {
        "name": "order_update",
        "language": "en_US",
        "category": "UTILITY",
        "components": [
            {
                "type": "BODY",
                "text": "Hi {{1}}, your order {{2}} has left our shop and arrives on {{3}}. Reply here any time.",
                "example": {"body_text": [["Ama", "1001", "Monday"]]},
            },
            {"type": "FOOTER", "text": "Linden & Co"},
        ],
    },
    {
        "name": "welcome_named",
        "language": "en",
        "category": "MARKETING",
        "parameter_format": "NAMED",
        "components": [
            {
                "type": "BODY",
                "text": "Welcome {{first_name}}! Here is a code for your first order: {{code}}. See you in the shop.",
                "example": {
                    "body_text_named_params": [
                        {"param_name": "first_name", "example": "Ama"},
                        {"param_name": "code", "example": "HELLO10"},
                    ]
                },
            },
            {"type": "FOOTER", "text": "Reply STOP to opt out"},
        ],
    },
    {
        "name": "new_collection",
        "language": "en_US",
        "category": "MARKETING",
        "components": [
            {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::EXAMPLE"]}},
            {
                "type": "BODY",
                "text": "{{1}}, our spring collection is here. Twenty new lamps, all made by hand. Have a look today.",
                "example": {"body_text": [["Ama"]]},
                # Meta refuses a leading variable in new templates; this one was approved before that rule.
            },
            {"type": "FOOTER", "text": "Reply STOP to opt out"},
        ],
    },
    {
        "name": "delivery_slot",
        "language": "en_US",
        "category": "UTILITY",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Order {{1}}", "example": {"header_text": ["1001"]}},
            {
                "type": "BODY",
                "text": "Dear {{1}}, does tomorrow between 9 and 12 suit you for the delivery of your parcel?",
                "example": {"body_text": [["Ama"]]},
            },
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Yes, that is fine"},
                    {"type": "QUICK_REPLY", "text": "Another day"},
                    {
                        "type": "URL",
                        "text": "Track",
                        "url": "https://example.test/track/{{1}}",
                        "example": ["https://example.test/track/1001"],
                    },
                ],
            },
        ],
    },
    {
        "name": "reply_ready",
        "language": "en_US",
        "category": "UTILITY",
        "components": [
            {
                "type": "BODY",
                "text": "Hello {{1}}, we have an answer to your question. Reply here and we send it at once.",
                "example": {"body_text": [["Ama"]]},
            },
            {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Show me the answer"}]},
        ],
    },
    {
        "name": "winter_sale",
        "language": "en_US",
        "category": "MARKETING",
        "status": "PAUSED",
        "components": [
            {
                "type": "BODY",
                "text": "Hello {{1}}, the winter sale ends on Sunday. Up to 40% off in the shop and online.",
                "example": {"body_text": [["Ama"]]},
            },
            {"type": "FOOTER", "text": "Reply STOP to opt out"},
        ],
    },
)
