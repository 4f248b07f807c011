"""
Closing words: whether a short message only says thank you, okay or goodbye, so that it need not reopen a conversation.

Careful on purpose: a message is one only if every word of it is in the table. A question mark, a number, a link, any
other word or anything long is never one, and reopens. So does a greeting, which begins a talk as often as it ends one
("bom dia", "ciao", 👋), and what may be a request ("help, thanks", "Hilfe bitte").
"""

import re
import unicodedata
from collections.abc import Mapping

from channels.content import Content, Text

MOST_CHARS = 60
MOST_WORDS = 8

# By language: what ends a talk; what may stand beside it; and what we may be thanked for. That is asked for as often:
# it counts only behind a word for "for". Without accents, in small letters.
PHRASES: Mapping[str, tuple[str, str, str]] = {
    "en": (
        "thanks|thank you|thank u|thankyou|thx|tnx|ty|tysm|thanks a lot|thanks a million|many thanks|cheers|"
        "much appreciated|appreciate it|appreciated|i appreciate it|ok|okay|okey|k|kk|alright|all right|got it|noted|"
        "understood|will do|great|perfect|awesome|excellent|wonderful|lovely|cool|super|nice|nice one|brilliant|"
        "you too|same to you|bye|goodbye|good bye|bye bye|see you|see ya|take care|have a nice day|have a good day|"
        "have a great day|have a nice evening|have a good evening|have a good weekend|have a nice weekend|good night|"
        "all good|all sorted|sorted|that is all|thats all|thats perfect|thats great|no thanks|no thank you|"
        "god bless|god bless you|you are the best|youre the best|no worries|no problem|welcome|you are welcome",
        "so|much|very|a|lot|again|all|for|your|the|then|indeed|and|my|dear|sir|madam|guys|team|oh|well|really|kind|"
        "quick|fast",
        "help|support|time|reply|answer|service",
    ),
    "es": (
        "gracias|muchas gracias|mil gracias|muchisimas gracias|vale|ok gracias|listo|perfecto|genial|excelente|"
        "de acuerdo|entendido|adios|hasta luego|hasta pronto|igualmente|muy amable|chao|chau",
        "por|todo|su|tu|la|el|y|muy|que|tenga|un|amable|buen dia|buenas tardes|buenas noches",
        "ayuda|atencion|respuesta",
    ),
    "fr": (
        "merci|merci beaucoup|merci bien|mille mercis|un grand merci|d accord|daccord|parfait|super|genial|entendu|"
        "tres bien|au revoir|a bientot|bonne journee|bonne soiree|bon week end|bonne nuit|ca marche|c est parfait|"
        "cest parfait|nickel|de rien",
        "pour|tout|votre|ton|la|le|et|bien|beaucoup|a|vous|toi|encore",
        "aide|reponse",
    ),
    "de": (
        "danke|vielen dank|danke schon|dankeschon|danke sehr|besten dank|herzlichen dank|tausend dank|alles klar|"
        "super|perfekt|prima|toll|okay danke|in ordnung|verstanden|passt|tschuss|auf wiedersehen|bis bald|"
        "schonen tag|schonen tag noch|schones wochenende|schonen abend|gute nacht|ebenfalls|gleichfalls|bitte schon|"
        "bitte sehr",
        "fur|die|ihre|deine|und|sehr|nochmals|noch|einen|das|schnelle",
        "hilfe|antwort",
    ),
    "pt": (
        "obrigado|obrigada|muito obrigado|muito obrigada|brigado|brigada|obg|valeu|beleza|perfeito|otimo|excelente|"
        "certo|ta bom|entendi|combinado|tchau|ate logo|ate mais|igualmente",
        "pela|pelo|sua|por|tudo|e|muito|tudo bem|bom dia|boa tarde|boa noite",
        "ajuda|atencao|resposta",
    ),
    "it": (
        "grazie|grazie mille|molte grazie|tante grazie|perfetto|ottimo|va bene|capito|d accordo|arrivederci|a presto|"
        "buona giornata|buona serata|buona notte|altrettanto",
        "per|il|la|vostro|tuo|tutto|e|molto|dell|ciao|prego",
        "aiuto|risposta",
    ),
    "nl": (
        "bedankt|dank je|dank je wel|dank u|dank u wel|dankjewel|hartelijk dank|top|prima|perfect|oke|duidelijk|"
        "begrepen|doei|tot ziens|fijne dag|fijne avond|fijn weekend|goed zo|graag gedaan",
        "voor|je|uw|de|het|heel|erg|en|nog",
        "hulp",
    ),
    "pl": (
        "dziekuje|dziekuje bardzo|bardzo dziekuje|dzieki|wielkie dzieki|super|swietnie|ok dziekuje|rozumiem|"
        "do widzenia|milego dnia|pa|dobranoc",
        "za|i|bardzo|serdecznie",
        "pomoc",
    ),
    "tr": (
        "tesekkurler|tesekkur ederim|cok tesekkurler|cok tesekkur ederim|sagol|sag olun|tamam|tamamdir|harika|super|"
        "iyi geceler|hosca kal|gorusuruz",
        "cok|icin|yardiminiz|ve|iyi gunler|iyi aksamlar|kolay gelsin",
        "",
    ),
    "sw": (
        "asante|asante sana|ahsante|sawa|sawa asante|nashukuru|kwaheri|siku njema|poa|shukrani",
        "kwa|na|sana",
        "msaada",
    ),
    "id": (
        "terima kasih|terimakasih|makasih|trims|thanks ya|oke|baik|siap|mantap|sampai jumpa|sama sama",
        "banyak|ya|kak|pak|bu|atas|bantuannya|dan|selamat malam",
        "",
    ),
    "tw": ("medaase|meda wo ase|me da ase|medaase paa|yoo|ye paa", "paa|pii", ""),
    "ar": (
        "شكرا|شكرا جزيلا|شكرا لك|شكرا لكم|الف شكر|تمام|حسنا|ممتاز|جزاك الله خيرا|مع السلامه|مع السلامة|"
        "الله يعطيك العافية|الله يعطيك العافيه|تسلم|العفو",
        "على|جدا|لكم|لك|و",
        "المساعدة|المساعده",
    ),
    "hi": (
        "धन्यवाद|बहुत धन्यवाद|शुक्रिया|ठीक है|अच्छा|dhanyavad|dhanyawad|shukriya|theek hai|thik hai|acha|accha",
        "जी|bahut|ji|बहुत",
        "",
    ),
    "ru": (
        "спасибо|большое спасибо|спасибо большое|благодарю|хорошо|ок|окей|понятно|понял|поняла|отлично|супер|ладно|"
        "до свидания|хорошего дня|всего доброго|пока",
        "вам|тебе|за|огромное|очень|и|большое",
        "помощь",
    ),
    "uk": (
        "дякую|щиро дякую|дуже дякую|добре|гаразд|зрозуміло|чудово|до побачення|гарного дня",
        "за|дуже|і|вам",
        "допомогу",
    ),
    "zh": (
        "谢谢|謝謝|谢谢你|謝謝你|多谢|多謝|感谢|感謝|非常感谢|好的|好的谢谢|好|收到|明白|明白了|再见|拜拜|不客气|好的谢谢你",
        "",
        "",
    ),
    "ja": (
        "ありがとう|ありがとうございます|ありがとうございました|どうもありがとうございます|了解|了解です|了解しました|"
        "わかりました|はいわかりました|承知しました|助かりました|失礼します",
        "",
        "",
    ),
    "ko": (
        "감사합니다|감사해요|고맙습니다|고마워요|고마워|네|넵|네 감사합니다|알겠습니다|수고하세요|안녕히 계세요",
        "정말|네",
        "",
    ),
}
_FOR = frozenset("for por pela pelo pour fur per dell voor za kwa за على".split())  # noqa: SIM905

_EMOJI = frozenset("👍👌🙏🙌👏💪✅✔☑😊🙂😀😃😄😁😉😍🥰🤗😇☺❤🧡💛💚💙💜🤍🖤💖💕💯🎉🥳🤝🫶🌹🌸⭐🌟✨😘🤩😎🫡💐")
_WAVE = "👋"
# Skin tones, variation selectors, joiners and the signs of sex that stand between emoji.
_BESIDE_EMOJI = re.compile("[\U0001f3fb-\U0001f3ff\ufe0e\ufe0f\u200d\u2640\u2642]")
_QUESTION = re.compile("[?¿？؟;]")
_TEXT_SMILES = re.compile(r"(?<!\w)(?:[:;]-?[)D]|<3|:\))(?!\w)")


def _phrase_tables() -> tuple[frozenset[tuple[str, ...]], frozenset[tuple[str, ...]], frozenset[str]]:
    phrases: set[tuple[str, ...]] = set()
    beside: set[tuple[str, ...]] = set()
    thanked_for: set[str] = set()
    for ends, small, nouns in PHRASES.values():
        phrases |= {tuple(_plain(phrase).split()) for phrase in ends.split("|")}
        beside |= {tuple(_plain(phrase).split()) for phrase in small.split("|") if phrase}
        thanked_for |= {_plain(word) for word in nouns.split("|") if word}
    return frozenset(phrases), frozenset(beside), frozenset(thanked_for)


def _plain(text: str) -> str:
    """Small letters without accents, marks and punctuation; letters drawn out ("thankssss") as one."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    # Marks of Indic and Kana scripts are part of the letter; only those above and below Latin, Greek, Cyrillic go.
    folded = unicodedata.normalize("NFC", "".join(c for c in folded if not "\u0300" <= c <= "\u036f"))
    folded = folded.replace("'", "").replace("’", "")
    words = "".join(c if c.isalnum() or unicodedata.category(c) in ("Mn", "Mc") else " " for c in folded)
    return " ".join(re.sub(r"([a-z])\1{2,}", r"\1", words).split())


_ENDS, _BESIDE, _THANKED_FOR = _phrase_tables()
_LONGEST = max(map(len, _ENDS | _BESIDE))


def is_closing(content: Content) -> bool:
    """Whether this says nothing but thank you, okay or goodbye."""
    return isinstance(content, Text) and closes(content.text)


def closes(text: str) -> bool:
    """The same of a text."""
    if len(text) > MOST_CHARS:
        return False
    text, smiles = _TEXT_SMILES.subn(" ", text)
    if _QUESTION.search(text) or "://" in text or "@" in text:
        return False
    text = _BESIDE_EMOJI.sub("", text).replace(_WAVE, " ")
    rest = "".join(" " if c in _EMOJI else c for c in text)
    emoji = smiles > 0 or rest != text
    if any(unicodedata.category(c) in ("So", "Sk", "Nd", "No", "Nl") for c in rest):
        # An emoji of another kind, or a number.
        return False
    words = _plain(rest).split()
    if not words:
        return emoji
    return len(words) <= MOST_WORDS and _made_of_phrases(words)


def _made_of_phrases(words: list[str]) -> bool:
    """Whether the words are phrases and small words from end to end, with one phrase at least."""
    # reached[n]: False if the first n words can be small words alone, True if a phrase is among them.
    reached: list[bool | None] = [False, *(None for _ in words)]
    for start in range(len(words)):
        before = reached[start]
        if before is None:
            continue
        if before and words[start] in _THANKED_FOR and not _FOR.isdisjoint(words[:start]):
            reached[start + 1] = True
        for end in range(start + 1, min(start + _LONGEST, len(words)) + 1):
            part = tuple(words[start:end])
            if part in _ENDS:
                reached[end] = True
            elif part in _BESIDE:
                reached[end] = bool(reached[end]) or before
    return bool(reached[-1])
