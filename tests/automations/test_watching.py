"""Broadcasts on their way, as screens are told of them over their sockets."""

from itertools import pairwise
from typing import Any

import pytest

from tests.support.broadcasts import (
    BROADCASTS,
    checked,
    customer,
    draft,
    listed,
    text,
)
from tests.support.screens import Frame, headers_of, screen
from tests.support.shop import Shop

pytestmark = pytest.mark.usefixtures("any_hour")


def is_report(frame: Frame) -> bool:
    return bool(frame["type"] == "broadcast_report")


async def test_who_watches_is_told_how_it_goes_and_nobody_else(shop: Shop) -> None:
    owner = shop.owner
    agent = await shop.people.join(owner.ws, "agent")
    everybody = await listed(owner, "Watched", [await customer(shop, f"Watched {at}") for at in range(5)])
    made = await draft(
        owner,
        account_id=shop.accounts["sms"],
        audience={"lists": [everybody]},
        variants=[{"wordings": [text(f"Watch {everybody}")]}],
    )
    # Of which addresses clicks cannot be counted, its author reads before it goes.
    words = "See https://{{ contact.first_name }}.shop.example and https://shop.example/lamps"
    said: dict[str, Any] = {"account_id": shop.accounts["sms"], "variants": [{"wordings": [text(words)]}]}
    all_of_it = ["https://shop.example/lamps", "https://"]
    for more, untracked in (
        ({}, all_of_it[1:]),
        ({"track_clicks": False}, all_of_it),
        ({"purpose": "transactional"}, all_of_it),
        ({"purpose": "transactional", "track_clicks": True}, all_of_it[1:]),
    ):
        other = await draft(owner, **said, **more)
        seen = (await owner.client.get(f"{BROADCASTS}/{other['id']}/preview")).json()
        assert seen["untracked"] == untracked
    await checked(owner, made["id"])
    path = f"{BROADCASTS}/{made['id']}"

    def over(frame: Frame) -> Any:
        if not is_report(frame):
            return False
        progress = frame["data"]["report"]["progress"]
        return progress["state"] == "done" and progress["tally"]["delivered"] == 5

    async with screen(shop.url, headers_of(owner)) as mine, screen(shop.url, headers_of(agent)) as theirs:
        await theirs.say(type="watching", broadcasts=[made["id"]])
        await mine.say(type="watching", broadcasts=["bro_of_nobody", made["id"]])
        first = await mine.until(is_report)
        assert (first["data"]["id"], first["data"]["report"]["progress"]["state"]) == (made["id"], "draft")
        assert (await owner.client.post(f"{path}/start", json={"people": 5})).status_code == 200
        last = await mine.until(over)
        assert last["data"]["report"] == (await owner.client.get(f"{path}/report")).json()
        told = [frame["data"]["report"] for frame in mine.frames if is_report(frame)]
        assert all(one != other for one, other in pairwise(told))
        assert "mailing" not in {frame["type"] for frame in mine.frames}

        # Who comes back hears how it is now, although nothing moves any more; who may not see it hears nothing.
        async with screen(shop.url, headers_of(owner), cursor=mine.cursor) as again:
            await again.say(type="watching", broadcasts=[made["id"]])
            assert (await again.until(is_report))["data"]["report"] == last["data"]["report"]
        await theirs.say(type="ping")
        await theirs.until(lambda frame: frame["type"] == "pong")
        assert not any(is_report(frame) for frame in theirs.frames)
