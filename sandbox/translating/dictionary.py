"""
One small dictionary of what is said in a shop. What is not in it comes back as it was, so every answer can be foretold.
"""

from __future__ import annotations

import re
from functools import cache

NAMES = {
    "ar": "Arabic",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "ja": "Japanese",
    "nl": "Dutch",
}
# To English, what people say in a shop; the longest that fits goes first. Whole sentences are the demo's.
_TO_ENGLISH: dict[str, dict[str, str]] = {
    "fr": {
        "bonjour": "good morning",
        "salut": "hello",
        "merci beaucoup": "thank you very much",
        "merci": "thank you",
        "s'il vous plaît": "please",
        "nous sommes désolés": "we are sorry",
        "où est ma commande": "where is my order",
        "votre commande arrive demain": "your order arrives tomorrow",
        "ma commande n'est pas arrivée": "my order has not arrived",
        "la lampe est cassée": "the lamp is broken",
        "nous vous en envoyons une nouvelle": "we will send you a new one",
        "combien ça coûte": "how much does it cost",
        "puis-je la retourner": "can I return it",
        "bien sûr": "of course",
        "demain": "tomorrow",
        "aujourd'hui": "today",
        "j'aurais besoin d'une facture au nom de mon entreprise": "I would need an invoice in the name of my company",
    },
    "es": {
        "buenos días": "good morning",
        "hola": "hello",
        "muchas gracias": "thank you very much",
        "gracias": "thank you",
        "por favor": "please",
        "lo sentimos": "we are sorry",
        "dónde está mi pedido": "where is my order",
        "su pedido llega mañana": "your order arrives tomorrow",
        "mi pedido no ha llegado": "my order has not arrived",
        "la lámpara está rota": "the lamp is broken",
        "le enviamos una nueva": "we will send you a new one",
        "cuánto cuesta": "how much does it cost",
        "puedo devolverla": "can I return it",
        "por supuesto": "of course",
        "mañana": "tomorrow",
        "hoy": "today",
        "perfecto": "perfect",
        "¿hacen envíos a Tarragona?": "do you ship to Tarragona?",
        "¿y cuánto cuesta?": "and how much does it cost?",
    },
    "de": {
        "guten Morgen": "good morning",
        "hallo": "hello",
        "vielen Dank": "thank you very much",
        "danke": "thank you",
        "bitte": "please",
        "es tut uns leid": "we are sorry",
        "wo ist meine Bestellung": "where is my order",
        "Ihre Bestellung kommt morgen": "your order arrives tomorrow",
        "meine Bestellung ist nicht angekommen": "my order has not arrived",
        "die Lampe ist kaputt": "the lamp is broken",
        "wir schicken Ihnen eine neue": "we will send you a new one",
        "wie viel kostet das": "how much does it cost",
        "kann ich sie zurückgeben": "can I return it",
        "natürlich": "of course",
        "heute": "today",
    },
    "nl": {
        "hoi": "hello",
        "bedankt": "thank you",
        "alstublieft": "please",
        "natuurlijk": "of course",
        "morgen": "tomorrow",
        "is de Reed ook in zwart eiken te krijgen?": "can the Reed be had in black oak as well?",
        "en hoe lang is het snoer?": "and how long is the cord?",
    },
    "ja": {
        "こんにちは": "hello",
        "ありがとうございます": "thank you very much",
        "Pebbleのランプはまだありますか？": " do you still have the Pebble lamp?",
        "では一つお願いします！": "One then, please!",
    },
    "ar": {
        "مرحبا": "hello",
        "شكرا": "thank you",
        "هل يمكنني تغيير عنوان التسليم لطلبي؟": "can I change the delivery address of my order?",
    },
}


def detected(text: str) -> str:
    """The language of which most of it is known; English where nothing speaks for another."""
    found = {code: sum(len(hit.group()) for hit in _known(code).finditer(text)) for code in _TO_ENGLISH}
    best = max(found, key=lambda code: found[code])
    return best if found[best] else "en"


def translated(text: str, source: str, into: str) -> str:
    """Phrase by phrase, by way of English; what stood at a beginning begins large."""
    if source == into:
        return text
    if source != "en":
        text = _replaced(text, _TO_ENGLISH[source])
    return text if into == "en" else _replaced(text, {english: said for said, english in _TO_ENGLISH[into].items()})


def _known(code: str) -> re.Pattern[str]:
    return _any_of(tuple(_TO_ENGLISH[code]))


@cache
def _any_of(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """Whole words where there are spaces between words."""
    edged = (_edged(each) for each in sorted(phrases, key=len, reverse=True))
    return re.compile("|".join(edged), re.IGNORECASE)


def _edged(phrase: str) -> str:
    spaced = phrase[0] < "\u0600"
    return rf"(?<!\w){re.escape(phrase)}(?!\w)" if spaced else re.escape(phrase)


def _replaced(text: str, known: dict[str, str]) -> str:
    small = {phrase.lower(): said for phrase, said in known.items()}

    def put(found: re.Match[str]) -> str:
        said = small[found.group().lower()]
        return said[:1].upper() + said[1:] if found.group()[0].isupper() else said

    return _any_of(tuple(known)).sub(put, text)
