"""
In which encoding a spreadsheet has written a table, by the letters of names.

Statistics of running text say little of a column of names, where one letter in fifty is not ASCII: "Muñoz" is as good
in the encoding of Warsaw ("Muńoz") as in that of Madrid. What tells them apart is whether one language has all the
letters that come out, and where.
"""

import codecs
import re
from collections.abc import Callable, Mapping
from typing import Final

# The letters that languages have beside ASCII's, by the encoding of their spreadsheets; of scripts of their own the
# frequent ones, as in a wrong encoding others come out. Of equals the first.
_LETTERS: Final[Mapping[str, tuple[str, ...]]] = {
    "cp1252": (
        *("áéíóúüñç", "áâãàçéêíóôõúü", "àâæçéèêëîïôœùûüÿ", "äöüßéè", "àèéìíîòóùú"),
        *("æøåäöéüó", "áðéíóúýþæö", "áàäéèêëïíóöôúüç", "äöåšžéü"),
    ),
    "cp1250": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţșț", "čćđšž", "äčšžëç"),
    "cp1254": ("çğıöşüâîûİ",),
    "cp1251": ("аеиоянрслвткмд",),
    "cp1253": ("αειοηωςστνρλκάίόή",),
    "cp1255": ("אבגדהוזחטיךכלםמןנסעףפץצקרשת",),
    "cp1256": ("اليمنرتهبدوسفعح",),
}
# What stands in no word: a sign beside a letter, and letters of two scripts.
_MARKS = re.compile(r"[^\W\d_][¡-¿×÷€-₿]|[¡-¿×÷][^\W\d_]|[A-Za-z][\u0370-\u06ff]|[\u0370-\u06ff][A-Za-z]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def of(sample: bytes) -> str:
    """The encoding of a file by its beginning, which may end within a character."""
    for mark, encoding in _BOMS.items():
        if sample.startswith(mark):
            return encoding
    if _decoded("utf-8", sample) is not None:
        return "utf-8"
    shares = {encoding: share(sample) for encoding, share in _SHARES.items()}
    return max(shares, key=lambda encoding: shares[encoding])


class Letters:
    """A file that goes by, piece by piece: its first letter beyond ASCII may stand far behind its beginning."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._plain = True
        self._other: bytes | None = None

    def feed(self, piece: bytes) -> None:
        if self._other is not None:
            return
        before = self._decoder.getstate()[0]
        try:
            self._decoder.decode(piece)
        except UnicodeDecodeError:
            self._other = before + piece
            return
        self._plain = self._plain and piece.isascii()

    def encoding(self, found: str) -> str:
        """The one that was `found` by the beginning, unless that said nothing and the rest cannot be UTF-8."""
        return of(self._other) if found == "utf-8" and self._plain and self._other is not None else found


def _decoded(encoding: str, sample: bytes) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)("strict").decode(sample)
    except UnicodeDecodeError:
        return None


def _of_letters(encoding: str, languages: tuple[str, ...]) -> Callable[[bytes], float]:
    """What share of the characters beyond ASCII the best of these languages has, less what no word has ("£ukasz")."""

    def share(sample: bytes) -> float:
        text = sample.decode(encoding, "replace")
        beyond = _NOT_ASCII.findall(text)
        most = max(sum(each in letters or each.lower() in letters for each in beyond) for letters in languages)
        return (most - len(_MARKS.findall(text))) / max(1, len(beyond))

    return share


def _of_pairs(encoding: str, common: Callable[[int, int], bool]) -> Callable[[bytes], float]:
    """What share of the characters of two bytes are among the common ones of a script; nought if it cannot be read."""

    def share(sample: bytes) -> float:
        text = _decoded(encoding, sample)
        if text is None:
            return 0.0
        pairs = [each.encode(encoding) for each in _NOT_ASCII.findall(text)]
        return sum(len(pair) == 2 and common(*pair) for pair in pairs) / max(1, len(pairs))

    return share


# Kana and the first level of JIS X 0208; the syllables of KS X 1001; the first levels of GB 2312 and of Big5.
_SHARES: Final[Mapping[str, Callable[[bytes], float]]] = {
    **{encoding: _of_letters(encoding, languages) for encoding, languages in _LETTERS.items()},
    "shift_jis": _of_pairs("shift_jis", lambda first, _: 0x82 <= first <= 0x98),
    "euc_kr": _of_pairs("euc_kr", lambda first, _: 0xB0 <= first <= 0xC8),
    "gb18030": _of_pairs("gb18030", lambda first, second: 0xB0 <= first <= 0xD7 and second >= 0xA1),
    "big5": _of_pairs("big5", lambda first, _: 0xA4 <= first <= 0xC6),
}
