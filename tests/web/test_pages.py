"""The front end as files: what is cached, what is compressed, and what is never served."""

import os
from pathlib import Path

import httpx
import pytest

from web import pages


@pytest.fixture
def dist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small build: a page, a script in three encodings, the widget; and beside it a file that is none of theirs."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / ".vite").mkdir()
    (folder / "index.html").write_text("<!doctype html><title>Parley</title>")
    (folder / "theme.js").write_text("theme()")
    (folder / "widget.js").write_text("widget()")
    (folder / "widget-more.js").write_text("export const more = 1")
    (folder / "assets" / "app-1a2b.js").write_text("app()")
    (folder / "assets" / "app-1a2b.js.br").write_bytes(b"brotli")
    (folder / "assets" / "app-1a2b.js.gz").write_bytes(b"not really gzip")
    (folder / ".vite" / "manifest.json").write_text("{}")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "assets" / "link.txt").symlink_to(tmp_path / "secret.txt")
    monkeypatch.setattr(pages, "DIST", folder)
    return folder


@pytest.mark.parametrize("path", ["/", "/inbox", "/inbox/cnv_1", "/invite/inv_abc", "/settings/channels/whatsapp"])
@pytest.mark.usefixtures("dist")
async def test_every_screen_is_the_page(anonymous: httpx.AsyncClient, path: str) -> None:
    answer = await anonymous.get(path)
    assert answer.status_code == 200
    assert answer.text.endswith("<title>Parley</title>")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    again = await anonymous.get(path, headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    assert not again.content


@pytest.mark.usefixtures("dist")
async def test_hashed_files_never_change_and_come_compressed(anonymous: httpx.AsyncClient) -> None:
    path = "/assets/app-1a2b.js"
    plain = await anonymous.get(path, headers={"accept-encoding": "identity"})
    assert plain.text == "app()"
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert plain.headers["content-type"].startswith("text/javascript")
    assert plain.headers["vary"] == "accept-encoding"
    for accepted, encoding in [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("deflate", None),
        ("BR;q=1.0", "br"),
        (",;;q=", None),
    ]:
        async with anonymous.stream("GET", path, headers={"accept-encoding": accepted}) as answer:
            assert answer.headers.get("content-encoding") == encoding, accepted


@pytest.mark.usefixtures("dist")
async def test_the_widget_may_be_loaded_by_other_sites(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/widget.js")
    assert answer.text == "widget()"
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    same = await anonymous.get("/widget.js", headers={"if-none-match": f'"x", {answer.headers["etag"]}'})
    assert same.status_code == 304
    # Imported, so browsers ask whether it is meant for their page.
    more = await anonymous.get("/widget-more.js", headers={"origin": "https://shop.example.com"})
    assert more.text == "export const more = 1"
    assert more.headers["access-control-allow-origin"] == "*"
    assert (await anonymous.get("/theme.js")).headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/no-such.js",
        "/assets/../../secret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets/app-1a2b.js.br",
        "/assets//app-1a2b.js",
        "/.vite/manifest.json",
        "/no-such.png",
        "/api/v2/anything",
        "/webhooks",
        "/ws/anything",
    ],
)
@pytest.mark.usefixtures("dist")
async def test_anything_else_is_not_there(server: str, path: str) -> None:
    # The path goes out as it is written: a client would tidy it up.
    async with httpx.AsyncClient() as client:
        url = httpx.URL(server).copy_with(raw_path=path.encode())
        answer = await client.send(client.build_request("GET", url))
    assert answer.status_code == 404
    assert "secret" not in answer.text


@pytest.mark.usefixtures("dist")
async def test_a_link_out_of_the_build_is_not_followed(anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.get("/assets/link.txt")).status_code == 404


async def test_a_new_build_is_served_at_once(dist: Path, anonymous: httpx.AsyncClient) -> None:
    before = await anonymous.get("/")
    index = dist / "index.html"
    index.write_text("<!doctype html><title>New</title>")
    os.utime(index, (1, 1))
    after = await anonymous.get("/", headers={"if-none-match": before.headers["etag"]})
    assert after.status_code == 200
    assert "New" in after.text


async def test_without_a_build_the_page_says_what_to_do(
    anonymous: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "DIST", tmp_path / "nothing")
    answer = await anonymous.get("/inbox")
    assert answer.status_code == 503
    assert "python -m web.build" in answer.text
    assert (await anonymous.get("/assets/app.js")).status_code == 404
