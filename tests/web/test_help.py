"""The help centre as readers see it: what they may read and nothing else, without a script or a cookie."""

import re
import secrets
from typing import Any

import httpx

from tests.inbox.test_articles import PNG, article, centre, ok
from tests.support.people import People, Person

POLICY = "default-src 'none'"


async def opened(owner: Person, **more: Any) -> str:
    slug = f"shop-{secrets.token_hex(4)}"
    await ok(await owner.client.put("/api/v1/help-centre", json=centre(open=True, slug=slug, **more)))
    return slug


async def test_readers_see_what_is_published_for_them(
    people: People, owner: Person, anonymous: httpx.AsyncClient
) -> None:
    write = owner.client
    file = await ok(await write.post("/api/v1/files", files={"file": ("lamp.png", PNG, "image/png")}), 201)
    other = await ok(await write.post("/api/v1/files", files={"file": ("plan.png", PNG, "image/png")}), 201)
    assert (await anonymous.get("/help/nowhere")).status_code == 404
    slug = await opened(owner, color="#ffdd00")
    base = f"/help/{slug}"
    body = (
        f"Screw the **bulb** in.\n\n![A lamp](/files/{file['file_id']})\n\n## First\n\na\n\n## Second\n\nb\n\n## Third"
    )
    lamp = article("Lamp <i>flickers</i>", body, category_id="delivery")
    lamp["texts"] += [
        {"language": "fr", "title": "La lampe clignote", "body": "Vissez l'ampoule."},
    ]
    made = await ok(await write.post("/api/v1/articles", json=lamp), 201)
    hidden = [
        article("Draft lamp", status="draft", category_id="delivery"),
        article("Archived lamp", status="archived", category_id="delivery"),
        article("Internal lamp", f"![x](/files/{other['file_id']})", internal=True, category_id="delivery"),
    ]
    numbers = [(await ok(await write.post("/api/v1/articles", json=each), 201))["number"] for each in hidden]

    # To the reader's language, and everywhere the same policy and no cookie.
    french = await anonymous.get(base, headers={"accept-language": "fr-CA,en;q=0.5"})
    assert (french.status_code, french.headers["location"]) == (302, f"{base}/fr")
    assert (await anonymous.get(base, headers={"accept-language": "sw"})).headers["location"] == f"{base}/en"
    seen = ""
    page = f"{base}/en/{made['number']}-lamp-i-flickers-i"
    for path in (f"{base}/en", f"{base}/fr", f"{base}/en/c/delivery", page, f"{base}/en/search?q=lamp"):
        answer = await anonymous.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-security-policy"].startswith(POLICY)
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert "set-cookie" not in answer.headers
        assert "<script" not in answer.text
        seen += answer.text
    seen += (await anonymous.get(f"{base}/sitemap.xml")).text
    for word in ("Draft lamp", "Archived lamp", "Internal lamp"):
        assert word not in seen
    for number in numbers:
        assert (await anonymous.get(f"{base}/en/{number}-lamp")).status_code == 404
    text = (await anonymous.get(page)).text
    assert "<h1>Lamp &lt;i&gt;flickers&lt;/i&gt;</h1>" in text
    assert f'<link rel="canonical" href="{people.base_url}{page}">' in text or f'{page}">' in text
    assert 'hreflang="fr"' in text
    assert '<a href="#second">Second</a>' in text
    assert f"{base}/fr/{made['number']}-la-lampe-clignote" in text
    # Its picture is there for everybody, that of another article is not.
    picture = re.findall(r'<img src="([^"]+)"', text)
    assert picture == [f"{base}/files/{made['number']}/{file['file_id']}"]
    got = await anonymous.get(picture[0])
    assert (got.status_code, got.headers["content-type"], got.content) == (200, "image/png", PNG)
    for number, file_id in ((made["number"], other["file_id"]), (numbers[2], other["file_id"]), (999, file["file_id"])):
        assert (await anonymous.get(f"{base}/files/{number}/{file_id}")).status_code == 404
    # Old words and old addresses lead to the present ones; a page that is the same is not sent again.
    moved = await anonymous.get(f"{base}/en/{made['number']}-what-it-was")
    assert (moved.status_code, moved.headers["location"]) == (301, page)
    again = await anonymous.get(page, headers={"if-none-match": (await anonymous.get(page)).headers["etag"]})
    assert again.status_code == 304
    renamed = centre(open=True, slug=f"new-{slug}", revision=1)
    await ok(await write.put("/api/v1/help-centre", json=renamed))
    kept = await anonymous.get(page)
    assert (kept.status_code, kept.headers["location"]) == (301, page.replace(slug, f"new-{slug}"))
    lost = await anonymous.get(f"/help/new-{slug}/fr/nothing")
    assert lost.status_code == 404
    assert "<form action" in lost.text
    assert "n’existe pas" in lost.text
    # Closed, there is nothing at all.
    await ok(await write.put("/api/v1/help-centre", json={**renamed, "open": False, "revision": 2}))
    assert (await anonymous.get(page.replace(slug, f"new-{slug}"))).status_code == 404


async def test_readers_say_whether_it_helped_and_what_they_missed(owner: Person, anonymous: httpx.AsyncClient) -> None:
    write, slug = owner.client, await opened(owner)
    made = await ok(await write.post("/api/v1/articles", json=article("Wash the shade", "By hand.")), 201)
    page = f"/help/{slug}/en/{made['number']}-wash-the-shade"
    voted = await anonymous.post(f"{page}/feedback", data={"helped": "no"})
    assert voted.status_code == 303
    thanks = await anonymous.get(voted.headers["location"])
    vote = re.findall(r'name="vote" value="([^"]+)"', thanks.text)[0]
    for word in ("How hot  may the water be?", "Twice"):
        said = await anonymous.post(f"{page}/feedback", data={"vote": vote, "word": word})
        assert said.headers["location"] == f"{page}?said=yes#helpful"
    feedback = (await ok(await write.get(f"/api/v1/articles/{made['id']}/feedback")))["items"]
    assert [(each["helped"], each["word"]) for each in feedback] == [(False, "How hot may the water be?")]
    # Somebody leans on the button: thanked each time, counted a few times.
    for _ in range(8):
        assert (await anonymous.post(f"{page}/feedback", data={"helped": "yes"})).status_code == 303
    counted = await ok(await write.get(f"/api/v1/articles/{made['id']}"))
    assert (counted["helped"], counted["failed"]) == (4, 1)
    assert (await anonymous.post(f"{page}/feedback", data={"helped": "perhaps"})).status_code == 400
    assert (await anonymous.post(f"/help/{slug}/en/99-x/feedback", data={"helped": "yes"})).status_code == 404
    # What was not found is told to those who write, without anybody's number.
    for sought in ("shade <b>warranty", "Warranty shade b", "call me +12025550142", "wash"):
        found = await anonymous.get(f"/help/{slug}/en/search", params={"q": sought})
        assert "<b>" not in found.text
    misses = (await ok(await write.get("/api/v1/help-centre/misses")))["items"]
    assert [(miss["sought"], miss["times"]) for miss in misses] == [("Warranty shade b", 2), ("call me", 1)]
    assert (await write.delete(f"/api/v1/help-centre/misses/{misses[0]['id']}")).status_code == 204
    assert (await write.delete(f"/api/v1/help-centre/misses/{misses[0]['id']}")).status_code == 404
