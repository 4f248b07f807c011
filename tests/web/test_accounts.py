"""Channel accounts through the API: the forms that screens draw, and what registering a webhook changes."""

import pytest

from tests.support.shop import Shop


async def test_a_kind_lists_its_fields_and_the_secrets_made_for_it(shop: Shop) -> None:
    kinds = {kind["kind"]: kind for kind in (await shop.get("/channels"))["items"]}
    assert {"whatsapp", "sms", "telegram", "livechat"} <= kinds.keys()
    asked = [field["name"] for field in kinds["livechat"]["fields"]]
    assert [secret["name"] for secret in kinds["livechat"]["made_secrets"]] == ["identity_secret"]
    assert "identity_secret" not in asked
    assert kinds["whatsapp"]["made_secrets"] == []
    assert kinds["whatsapp"]["has_templates"]
    assert not kinds["livechat"]["can_register_webhook"]


async def test_a_registered_webhook_ends_the_warning_that_there_is_none(shop: Shop) -> None:
    """A fresh bot has no webhook, which its first check says; the answer to registering must not say it any more."""
    account = f"/accounts/{shop.accounts['telegram']}"
    await shop.sandbox.post(f"/telegram/bot{(await _bot(shop))['token']}/deleteWebhook")
    warned = await shop.post(f"{account}/check")
    assert warned["health"]["state"] == "warning"
    registered = await shop.post(f"{account}/register-webhook")
    assert registered["health"]["state"] in ("new", "ok")
    assert registered["health"]["webhook_registered_at"]


async def test_an_optional_value_can_be_emptied_and_a_secret_is_kept(shop: Shop) -> None:
    account = f"/api/v1/accounts/{shop.accounts['whatsapp']}"
    given = await shop.agent.patch(account, json={"config": {"app_id": "300000000000077"}})
    assert given.json()["config"]["app_id"] == "300000000000077"
    emptied = await shop.agent.patch(account, json={"config": {"app_id": "", "access_token": ""}})
    assert emptied.status_code == 200, emptied.text
    assert "app_id" not in emptied.json()["config"]
    assert emptied.json()["config"]["access_token"] == {"set": True}


async def test_a_misspelt_value_is_named(shop: Shop) -> None:
    """Left out, it would leave a chat widget open to every site."""
    made = {"kind": "livechat", "name": "Web", "config": {"orgins": ["https://shop.example"]}}
    refused = await shop.agent.post("/api/v1/accounts", json=made)
    account = f"/api/v1/accounts/{shop.accounts['whatsapp']}"
    changed = await shop.agent.patch(account, json={"config": {"app-id": "300000000000077"}})
    for answer, field, right in ((refused, "orgins", "origins"), (changed, "app-id", "app_id")):
        assert answer.status_code == 422, answer.text
        (error,) = answer.json()["errors"]
        assert error["field"] == f"config.{field}"
        assert right in error["message"]


@pytest.mark.parametrize("pasted", ["EAAtoken…", "EAAtö", "EAA one", "EAA\nX-Other: 1", "EAA\u200b"])
async def test_a_key_with_what_no_key_has_is_asked_for_again(shop: Shop, pasted: str) -> None:
    account = f"/api/v1/accounts/{shop.accounts['whatsapp']}"
    refused = await shop.agent.patch(account, json={"config": {"access_token": pasted}})
    assert refused.status_code == 422, refused.text
    assert [error["field"] for error in refused.json()["errors"]] == ["config.access_token"]


async def _bot(shop: Shop) -> dict[str, str]:
    answer = await shop.sandbox.get(f"/_sandbox/accounts/telegram/{shop.providers['telegram']}")
    bot: dict[str, str] = answer.json()
    return bot
