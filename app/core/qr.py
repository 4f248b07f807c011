"""QR codes."""

import io

import qrcode
import qrcode.image.svg


def svg(text: str) -> str:
    """As one SVG path, dark on whatever is behind it."""
    drawn = io.BytesIO()
    qrcode.make(text, image_factory=qrcode.image.svg.SvgPathImage, box_size=10, border=2).save(drawn)
    return drawn.getvalue().decode()
