"""Cutting long text into messages at the kindest place; joined again, the parts give the text back."""


def split_text(text: str, max_chars: int) -> list[str]:
    """
    Parts of at most `max_chars` characters each, none empty; `"".join(parts) == text`.

    Cut after a paragraph if there is one in the second half, else a line, a sentence, a word; a word longer than a
    message is cut where it must be, but never inside an emoji sequence's pair of characters.
    """
    parts: list[str] = []
    rest = text
    while len(rest) > max_chars:
        cut = _cut(rest, max_chars)
        parts.append(rest[:cut])
        rest = rest[cut:]
    if rest:
        parts.append(rest)
    return parts


def _cut(text: str, max_chars: int) -> int:
    head = text[:max_chars]
    for mark in ("\n\n", "\n", ". ", "! ", "? ", " "):
        at = head.rfind(mark)
        if at + len(mark) > max_chars // 2:
            return at + len(mark)
    cut = max_chars
    # Joiners and modifiers belong to the character before them.
    while cut > max_chars // 2 and (text[cut] in "\u200d\ufe0f" or text[cut - 1] == "\u200d"):
        cut -= 1
    return cut
