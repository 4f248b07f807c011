"""
STOP, START and HELP in the words people use.

The law's words cannot be taken out. A whole message that is a stop word ends messages at once; so does a short message
of one and of words that change nothing ("please stop it"). Words that mean other things in a sentence ("cancel my
order", "end of month?") count only when they stand alone; sentences of people's own are another matter (wishes.py).
Source: 47 CFR 64.1200(a)(10), CTIA Messaging Principles; other languages by convention.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from app.core.addresses import Address


class Keyword(StrEnum):
    STOP = "stop"
    START = "start"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class OwnWords:
    """A business's own words, as whole messages; they come after the law's, which they cannot change."""

    stop: frozenset[str] = frozenset()
    start: frozenset[str] = frozenset()


@lru_cache(maxsize=1_000)
def own_words(stop: str, start: str) -> OwnWords:
    """From what a person typed: words or short phrases with commas between them."""
    return OwnWords(*(frozenset(filter(None, map(plain, typed.split(",")))) for typed in (stop, start)))


# By language; a word of several stands with each. What two languages share is in doubt, and so the first one's.
_STOP_IN: Final[Mapping[str, frozenset[str]]] = {
    language: frozenset(words.split("|"))
    for language, words in {
        "en": "stop|stopall|stop all|unsubscribe|cancel|end|quit|revoke|optout|opt out|opt-out|remove|remove me|unsub"
        "|un subscribe|un-subscribe|stop-all|stop promotions|stop promo|stop marketing|stop_promo|stop_promotions|td",
        "fr": "arret|arrêt|arrêter|desabonner|désabonner|se désabonner|annuler|fin|désinscription|désinscrire"
        "|se désinscrire|désabonnement|arrêtez|arrête",
        "es": "alto|parar|basta|cancelar|baja|darse de baja|detener|salir|desuscribir|desuscribirme|fin",
        "pt": "pare|sair|descadastrar|remover|parar|cancelar",
        "de": "stopp|stoppen|abmelden|abbestellen|kündigen|ende|abbestellung|abmeldung|austragen",
        "it": "annulla|cancella|disiscrivi|fermati|basta",
        "ar": "توقف|قف|إلغاء|الغاء|إيقاف",
        "sw": "acha|simamisha|ondoa|sitisha",
        "ha": "tsaya|dakata",
        "yo": "duro|da duro",
        "ig": "kwusi",
        "tw": "gyae",
        "hi": "रोकें|बंद करें|बंद करो|band karo",
        "ru": "стоп|отписаться|отписка|отпишите меня",
        "uk": "відписатися|відписка|стоп",
        "zh": "停止|退订|退訂|取消订阅|取消訂閱",
        "ja": "配信停止|停止する|解除|登録解除|停止",
        "ko": "수신거부|수신 거부|중지|해지",
        "nl": "uitschrijven|afmelden",
        "pl": "wypisz|wypisz mnie|rezygnuję|rezygnacja",
        "cs": "odhlásit|odhlasit",
        "hu": "leiratkozás|leiratkozom",
        "ro": "dezabonare",
        "tr": "ret|iptal|abonelikten çık",
        "sv": "avsluta|avregistrera",
        "no": "avmeld|slutt",
        "da": "afmeld",
        "fi": "lopeta",
        "el": "διαγραφή|στοπ",
        "he": "הסר|הסירו|הסרה",
        "id": "berhenti",
        "vi": "dừng|ngừng",
        "th": "หยุด|ยกเลิก",
        "tl": "itigil",
    }.items()
}


def _bare(words: str) -> str:
    """As people type them who leave out accents, and İ as the i that it is."""
    return "".join(c for c in unicodedata.normalize("NFD", words) if c not in _ACCENTS)


# Of Latin letters; signs of other scripts are letters of their own.
_ACCENTS = frozenset(map(chr, range(0x300, 0x370)))
# Tones are no accents: "dung" is another word.
_STOP_ALONE = frozenset().union(
    *_STOP_IN.values(), *({_bare(word) for word in words} for language, words in _STOP_IN.items() if language != "vi")
)
# On a button of ours ("Confirm", "Cancel") they end what the button is about.
_END_OTHER_THINGS = frozenset(
    """
    cancel|end|quit|revoke|remove|annuler|fin|alto|parar|basta|cancelar|baja|detener|salir|pare|sair|remover|kündigen
    ende|annulla|cancella|fermati|توقف|قف|إلغاء|الغاء|إيقاف|acha|simamisha|ondoa|sitisha|tsaya|dakata|duro|da duro
    kwusi|gyae|रोकें|बंद करें|बंद करो|band karo|停止|停止する|解除|중지|해지|rezygnuję|rezygnacja|ret|iptal|avsluta|slutt
    lopeta|διαγραφή|הסר|הסירו|הסרה|berhenti|dừng|ngừng|หยุด|ยกเลิก|itigil
    """.replace("\n", "|")
    .replace("    ", "")
    .strip("|")
    .split("|")
)
_MOST_CHARS = 300
_EVERYWHERE = frozenset(("stopall", "stop all"))
_NO_OWN = OwnWords()
_START = frozenset(("start", "unstop", "subscribe", "resume", "optin", "opt in", "opt-in"))
_HELP = frozenset(("help", "info", "aide", "ayuda", "hilfe", "aiuto", "ajuda"))
_HELP_IN: Final[Mapping[str, str]] = {"aide": "fr", "ayuda": "es", "hilfe": "de", "aiuto": "it", "ajuda": "pt"}
# Stop words that mean nothing else, so that a few more words beside them change nothing ("please stop it").
_STOPS = frozenset(("stop", "stopp", "stopall", "unsubscribe", "unsub", "optout"))
_BESIDE = frozenset(
    "please pls plz ok just now it and thanks thank you all messages message msg msgs texts text txt txts sms me "  # noqa: SIM905
    "svp merci bitte danke por favor gracias obrigado prego grazie asseblief".split()
)
# "STOOOP", "stopppp"
_DRAWN_OUT = re.compile(r"s+t+o+p+")
_MOST_WORDS = 5
# What telephones write below a message.
_SIGNATURE = re.compile(
    r"\n\s*(?:sent from|sent via|get outlook|gesendet von|von meinem|envoyé d|enviado d|inviato da)[^\n]*\s*$",
    re.IGNORECASE,
)


# What joins letters in scripts that need it, and signs.
_JOINERS = frozenset("\u200c\u200d")


def plain(text: str) -> str:
    """Words alone, folded: no punctuation, no signs, nothing that is not seen, one space between them."""
    seen = "".join(c for c in text if unicodedata.category(c) != "Cf" or c in _JOINERS)
    folded = unicodedata.normalize("NFKC", seen).casefold().replace("’", "'").replace("\n", " ")
    kept = "".join(c if c in "'-_/ " or unicodedata.category(c)[0] in "LMN" else " " for c in folded)
    return " ".join(kept.split()).strip("/-_' ")


def keyword(text: str, own: OwnWords = _NO_OWN) -> Keyword | None:
    """What the message asks for, if it is one of the three."""
    words = plain(_SIGNATURE.sub("", text[:_MOST_CHARS]))
    if not words or len(text) > _MOST_CHARS:
        return None
    found = _everybodys(words)
    if found is not None:
        return found
    if words in own.stop:
        return Keyword.STOP
    return Keyword.START if words in own.start else None


def ends_other_things(text: str) -> bool:
    """Whether a stop word is one that a button may have for something else."""
    return plain(text) in _END_OTHER_THINGS


def language_of(text: str, spoken: str | None = None) -> str:
    """
    In which language to answer one of the three: that of the word. English words are written by everybody, so after one
    of them, as after an own word of the business, it is what the person speaks, as far as that is known.
    """
    words = plain(_SIGNATURE.sub("", text[:_MOST_CHARS]))
    known = (spoken or "")[:2].lower()
    found = [language for language, said in _STOP_IN.items() if words in said]
    found = found or [language for language, said in _STOP_IN.items() if _bare(words) in map(_bare, said)]
    if words in _HELP_IN:
        found = [_HELP_IN[words]]
    if not found or found == ["en"]:
        return known or "en"
    return known if known in found else found[0]


def means_everywhere(text: str, address: Address) -> bool:
    """
    Whether a stop ends advertising on every channel: by its words, or because the number is of the United States.

    Source: 47 CFR 64.1200(a)(10) ("revoke all"); for area codes that several countries share, the strictest counts.
    """
    return plain(text) in _EVERYWHERE or address.value.startswith("+1")


_MOST_CHOICES_CHARS = 40
_YES = frozenset(
    ("yes", "y", "yes please", "confirm", "ok yes", "sí", "si", "oui", "sim", "ja", "sì", "ndiyo", "نعم", "हाँ")
)


def is_yes(text: str) -> bool:
    """Whether the whole message agrees; it counts only where we have asked."""
    return plain(text) in _YES


def takes_back(text: str) -> bool:
    """Whether a yes takes back a stop, where carriers enforce stops: they go by this one word."""
    return plain(text) == "yes"


# Asks what may be chosen (see inbox/choices.py); in a sentence they are no such question.
_CHOICES = frozenset(
    (
        *("preferences", "preference", "my preferences", "choices", "manage preferences"),
        *("préférences", "preferencias", "mis preferencias", "preferências", "einstellungen", "meine einstellungen"),
        *("preferenze", "voorkeuren", "mapendeleo"),
    )
)


def asks_choices(text: str) -> bool:
    """Whether the whole message asks for the preferences."""
    return len(text) <= _MOST_CHOICES_CHARS and plain(text) in _CHOICES


def _everybodys(words: str) -> Keyword | None:
    if words in _STOP_ALONE or _bare(words) in _STOP_ALONE or _DRAWN_OUT.fullmatch(words):
        return Keyword.STOP
    if words in _START:
        return Keyword.START
    if words in _HELP:
        return Keyword.HELP
    single = words.replace(".", " ").split()
    if len(single) > 1 and all(len(word) == 1 for word in single):
        # "S T O P"
        return _everybodys("".join(single))
    return Keyword.STOP if _is_stop_with_words_beside(words.split()) else None


def _is_stop_with_words_beside(words: Sequence[str]) -> bool:
    return len(words) <= _MOST_WORDS and not _STOPS.isdisjoint(words) and _STOPS.union(_BESIDE).issuperset(words)
