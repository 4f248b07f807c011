"""What a handle is called where people read it."""

import pytest

from app.core.addresses import Address, label_of_person


@pytest.mark.parametrize(
    ("address", "username", "label"),
    [
        ("whatsapp:+12025550123", None, "+1 202-555-0123"),
        ("whatsapp:+12025550123", "ama", "+1 202-555-0123"),
        ("whatsapp:US.13491208655302741918", None, "User …741918"),
        ("whatsapp:US.13491208655302741918", "ama.m", "@ama.m"),
        ("telegram:5012345678", None, "User 5012345678"),
        ("telegram:5012345678", "ama", "@ama"),
        ("livechat:user:customer-42", None, "customer-42"),
        ("livechat:vis_01m80x2v5q9m3kq2zt7c3f2a", None, "Visitor 3F2A"),
        ("livechat:vis_01m80x2v5q9m3kq2zt7c3f2a", "ama@example.com", "ama@example.com"),
        ("sms:SHOP", None, "SHOP"),
    ],
)
def test_labels_are_for_people(address: str, username: str | None, label: str) -> None:
    assert label_of_person(Address.parse(address), username) == label
