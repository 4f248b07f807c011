"""Pictures that somebody sends: looked at for their size and a small copy, whatever they are made of."""

import io
from typing import Any

import pytest
from PIL import ExifTags, Image

from inbox import files
from tests.support.shop import Shop


def picture(kind: str, size: tuple[int, int], *, orientation: int = 1) -> bytes:
    """White, and black in its first row."""
    image = Image.new("L", size, 255)
    image.paste(0, (0, 0, size[0], max(1, size[1] // 8)))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    out = io.BytesIO()
    image.save(out, kind, exif=exif)
    return out.getvalue()


async def sent(shop: Shop, data: bytes) -> dict[str, Any]:
    answer = await shop.agent.post("/api/v1/files", files={"file": ("picture", data)})
    assert answer.status_code == 201, answer.text
    file: dict[str, Any] = answer.json()
    return file


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_one_that_lies_on_its_side_is_put_upright(shop: Shop, kind: str) -> None:
    # Turned by a quarter to the right: what was its top is at its right.
    file = await sent(shop, picture(kind, (800, 400), orientation=6))
    assert (file["width"], file["height"]) == (400, 800)
    small = Image.open(io.BytesIO((await shop.agent.get(file["thumb_url"])).content)).convert("L")
    assert small.size == (files.THUMBNAIL_PIXELS // 2, files.THUMBNAIL_PIXELS)
    assert small.getpixel((small.width - 3, small.height // 2)) < 60
    assert small.getpixel((3, small.height // 2)) > 200


async def test_a_camera_s_picture_has_a_small_copy(shop: Shop) -> None:
    file = await sent(shop, picture("JPEG", (8_000, 6_000)))
    assert (file["width"], file["height"]) == (8_000, 6_000)
    assert (await shop.agent.get(file["thumb_url"])).status_code == 200


async def test_what_would_fill_the_memory_is_kept_and_not_looked_at(shop: Shop) -> None:
    data = picture("PNG", (8_000, 6_000))
    assert len(data) < 200_000
    file = await sent(shop, data)
    assert (file["width"], file["height"], file["thumb_url"]) == (8_000, 6_000, None)


@pytest.mark.parametrize("kind", ["AVIF", "JPEG", "PNG", "WEBP", "GIF", "BMP"])
async def test_a_broken_one_is_kept_as_it_is(shop: Shop, kind: str) -> None:
    whole = picture(kind, (64, 64))
    broken = whole[: len(whole) * 2 // 3] + bytes(len(whole) // 3)
    file = await sent(shop, broken)
    assert (await shop.agent.get(file["url"])).content == broken
