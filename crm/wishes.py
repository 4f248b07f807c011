"""
"Please stop texting me": stops in words of people's own, in several languages.

Words that may be a stop and may be something else are not obeyed as one, and not overheard either: marketing is held at
once, and somebody is asked what was meant. Plain patterns, so that the same words always have the same effect; a false
alarm costs one question, an overheard stop costs trust and, in the United States, money for every message after it.
Source: 47 CFR 64.1200(a)(10), "any reasonable means".
"""

import re
from collections.abc import Mapping
from typing import Final

from crm import keywords

_MOST_CHARS = 500
_SIGNS = frozenset("🛑🚫✋⛔")

_PATTERNS: Final[Mapping[str, str]] = {
    "en": r"""
        \bstop (?:text|messag|send|contact|writ|spamm|bother|annoy)\w*
        |\b(?:don'?t|do not|never|quit|cease) (?:ever )?(?:text|messag|contact|writ|send
        |spam)\w*(?: to)? (?:me|us|any|more)
        |\bno more (?:\w+ )?(?:messages?|texts?|offers?|ads?|adverts?|advertising|promos?|promotions?|spam|sms)\b
        |\b(?:unsubscribe|opt) (?:me|out of)|\bleave (?:me|us) alone\b|\blose my number\b
        |\b(?:take|remove|delete) (?:me|my number) (?:off|from)\b
        |\bnot interested\b
        |\b(?:don'?t|do not) want (?:any |these |your |to (?:get|receive|hear))(?:\w+ )?(?:more|messages?
        |texts?|offers?|ads?|from you|this)?
        |\bstop (?:these|this|the|your|with the) (?:messages?|texts?|offers?|ads?|spam|sms|promotions?)\b
    """,
    "es": r"""
        \bno (?:me |nos )?(?:env[ií]\w+|escrib\w+|mand\w+|contact\w+) m[aá]s\b
        |\bno m[aá]s (?:mensajes|ofertas|sms|publicidad)\b
        |\bdej(?:a|e|en|ad) de (?:escrib|envi|mand|molest)\w+|\bd(?:a|e|en)me de baja\b|\bno me interesa\b
        |\bno quiero (?:m[aá]s|recibir)\b|\bdej(?:a|e|en)(?:me|nos) en paz\b|\bno m[aá]s\b$
    """,
    "fr": r"""
        \barr[eê]te[zr]? (?:de )?(?:m'|me |vos |tes |les )
        |\bne (?:m'|me |nous )?(?:\w+ )?(?:[eé]cri|envo|contact)\w+ plus\b
        |\bplus (?:de|aucun) (?:messages?|sms|pub\w*|offres?)\b|\bd[eé]sabonne[zr]?(?:-| )moi\b
        |\bdésinscri\w+(?:-| )moi\b
        |\blaisse[zr]?(?:-| )moi tranquille\b|\bpas int[eé]ress[eé]e?\b|\bje ne veux plus\b
    """,
    "pt": r"""
        \bn[aã]o (?:me |nos )?(?:envi|mand|escrev|contat)\w+ mais\b
        |\bpar(?:a|e|em) de (?:me |nos )?(?:envi|mand|escrev)\w+
        |\bn[aã]o quero (?:mais|receber)\b|\bn[aã]o tenho interesse\b|\bme deix(?:a|e|em) em paz\b
        |\bchega de mensagens\b
    """,
    "de": r"""
        \b(?:schreib|schick|send)\w*(?: sie)? (?:mir|uns) (?:bitte )?(?:keine?n?|nichts|nicht)\b
        |\bkeine (?:\w+ )?(?:werbung|nachrichten|sms|angebote|newsletter)(?: mehr)?\b
        |\bh[oö]r\w*(?: sie)? (?:bitte )?auf\b
        |\blass\w*(?: sie)? mich in ruhe\b|\bkein interesse\b|\bnicht (?:mehr )?interessiert\b
        |\bmeld\w*(?: sie)? mich (?:bitte )?ab\b
    """,
    "it": r"""
        \bnon (?:mi |ci )?(?:scriv|mand|invi|contatt)\w+ pi[uù]\b|\bbasta (?:messaggi|sms|offerte|pubblicità)\b
        |\bsmett\w+ di (?:scriv|mand|invi)\w+|\blasci\w+ in pace\b|\bnon (?:sono|mi) interess\w+
        |\bcancell(?:ami|atemi)\b
        |\bnon voglio (?:più|ricevere)\b
    """,
    "sw": r"\b(?:acha|acheni|wacha) kuni\w+|\businitumie\b|\bmsinitumie\b|\bsitaki (?:ujumbe|meseji)\b",
    "hi": r"मत भेज|संदेश (?:बंद|ना)|\b(?:message|msg|sms) (?:mat|band|na) (?:bhej|kar)\w*|\bmat bhej\w*",
    "ar": r"لا ترسل|لا تراسل|توقف عن|الغاء الاشتراك|إلغاء الاشتراك|لا أريد|لست مهتم|غير مهتم",
}


def _compiled(pattern: str) -> re.Pattern[str]:
    """Lines are only for reading; spaces between words count."""
    return re.compile("".join(line.strip() for line in pattern.splitlines()))


_COMPILED = {language: _compiled(pattern) for language, pattern in _PATTERNS.items()}

# What is asked, once; STOP and START are understood in any language.
QUESTIONS: Final[Mapping[str, str]] = {
    "en": "We will send you no offers for now. Reply STOP to end them for good, or START if you still want them.",
    "es": "Por ahora no le enviaremos ofertas. Responda STOP para terminarlas del todo, o START si aún las quiere.",
    "fr": "Nous n'envoyons plus d'offres pour l'instant. Répondez STOP pour y mettre fin, ou START pour en recevoir.",
    "pt": "Por agora não lhe enviaremos ofertas. Responda STOP para terminar de vez, ou START se ainda as quiser.",
    "de": "Sie erhalten vorerst keine Angebote. Antworten Sie STOP, um keine mehr zu bekommen, oder START, wenn doch.",
    "it": "Per ora non le invieremo offerte. Risponda STOP per non riceverne più, o START se le desidera ancora.",
}


def may_mean_stop(text: str) -> str | None:
    """The language in which this may ask us to stop; None if nothing speaks for it."""
    if not text.strip() or len(text) > _MOST_CHARS:
        return None
    if set(text.replace("\ufe0f", "").replace(" ", "")) <= _SIGNS:
        return "en"
    words = keywords.plain(text)
    return next((language for language, pattern in _COMPILED.items() if pattern.search(words)), None)
