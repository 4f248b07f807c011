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
        \bstop (?:text|txt|messag|send|contact|writ|spamm|bother|annoy)\w*
        |\bstop (?:all |any )?(?:ads|adverts|advertising|offers|marketing|promos?|promotions?|notifications
        |spam|newsletters?)\b
        |^reply stop\b|^stop to (?:end|stop|quit|cancel|opt out|unsubscribe)$|^stop (?:them|these|those)$
        |^(?:please |pls )?(?:remove|delete) me\b|^please remove$|\bi (?:want to )?opt out\b
        |^do not (?:contact|text|disturb)$
        |\b(?:don'?t|do not|never|quit|cease) (?:ever )?(?:text|messag|contact|writ|send
        |spam)\w*(?: to)? (?:me|us|any|more)
        |\bno more (?:\w+ )?(?:messages?|texts?|offers?|ads?|adverts?|advertising|promos?|promotions?|spam|sms)\b
        |\b(?:unsubscribe|opt) (?:me|out of)|\bleave (?:me|us) alone\b|\blose my number\b
        |\b(?:take|remove|delete) (?:me|my number) (?:off|from)\b
        |\bnot interested\b
        |\b(?:don'?t|do not) want (?:any |these |your |to (?:get|receive|hear))(?:\w+ )?(?:more|messages?
        |texts?|offers?|ads?|from you|this)?
        |\b(?:go away|piss off|fuck off|cease and desist|that'?s enough|quit it|get me off)\b
        |^(?:please )?discontinue\b|^(?:no more|enough|spam)$|\b(?:this|that|it)(?:'s| is) spam\b
        |\breport(?:ing)? you\b
        |\b(?:i |we )?(?:never|didn'?t|did not) (?:\w+ )?(?:sign(?:ed)? up|subscribed?|agreed?|opt(?:ed)? in)\b
        |^(?:please |pls |ok |just )?(?:stop|unsubscribe)(?: please| pls| now| it)? (?:(?:i|you|we)\b|(?:this|that)$)
        |\b(?:unsub\w*scribe|unsubcribe|unsuscribe|unsubsribe)\b|^(?:st0p|sotp|stpo|stp|s top)$
        |\bstop (?:these|this|the|your|with the) (?:messages?|texts?|offers?|ads?|spam|sms|promotions?)\b
    """,
    "es": r"""
        \bbaja por favor\b|\bdar(?:me)? de baja\b|^no molestar\b|^basta ya$
        |\bya no (?:me |nos )?(?:env[ií]\w+|escrib\w+|mand\w+)
        |\bno (?:me |nos )?(?:env[ií]\w+|escrib\w+|mand\w+|contact\w+) m[aá]s\b
        |\bno m[aá]s (?:mensajes|ofertas|sms|publicidad)\b
        |\bdej(?:a|e|en|ad) de (?:escrib|envi|mand|molest)\w+|\bd(?:a|e|en)me de baja\b|\bno me interesa\b
        |\bno quiero (?:m[aá]s|recibir)\b|\bdej(?:a|e|en)(?:me|nos) en paz\b|\bno m[aá]s\b$
    """,
    "fr": r"""
        \barr[eê]te[zr]? (?:de )?(?:m'|me |vos |tes |les )
        |\bne (?:m'|me |nous )?(?:\w+ )?(?:[eé]cri|envo|contact)\w+ plus\b
        |\bplus (?:de|aucun) (?:messages?|sms|pub\w*|offres?)\b|\bd[eé]sabonne[zr]?(?:-| )moi\b
        |\bdésinscri\w+(?:-| )moi\b
        |\bne plus (?:\w+ )?recevoir\b
        |\blaisse[zr]?(?:-| )moi tranquille\b|\bpas int[eé]ress[eé]e?\b|\bje ne veux plus\b
    """,
    "pt": r"""
        \bn[aã]o (?:me |nos )?(?:envi|mand|escrev|contat)\w+ mais\b
        |\bpar(?:a|e|em) de (?:me |nos )?(?:envi|mand|escrev)\w+
        |\bn[aã]o quero (?:mais|receber)\b|\bn[aã]o tenho interesse\b|\bme deix(?:a|e|em) em paz\b
        |\bchega(?: de mensagens)?$|\bquero (?:sair|cancelar (?:a )?inscriç[aã]o)$|^cancelar (?:a )?inscriç[aã]o\b
    """,
    "de": r"""
        \b(?:schreib|schick|send)\w*(?: sie)? (?:mir|uns) (?:bitte )?(?:keine?n?|nichts|nicht)\b
        |\bkeine (?:\w+ )?(?:werbung|nachrichten|sms|angebote|newsletter)(?: mehr)?\b
        |\bh[oö]r\w*(?: sie)? (?:bitte )?auf\b
        |\blass\w*(?: sie)? mich in ruhe\b|\bkein interesse\b|\bnicht (?:mehr )?interessiert\b
        |\b(?:newsletter|sms|werbung|nachrichten) abbestellen\b
        |\bnein,? danke$|\babmelden bitte\b|\bbitte abmelden\b|\bmeld\w*(?: sie)? mich (?:bitte )?ab\b
    """,
    "it": r"""
        \bnon (?:mi |ci )?(?:scriv|mand|invi|contatt)\w+ pi[uù]\b|\bbasta (?:messaggi|sms|offerte|pubblicità)\b
        |\bsmett\w+ di (?:scriv|mand|invi)\w+|\blasci\w+ in pace\b|\bnon (?:sono|mi) interess\w+
        |\bcancell(?:ami|atemi)\b|\bdisiscriv(?:imi|etemi)\b|\bannull\w+ (?:l'|la )?iscrizione\b
        |\bsmett(?:ila|etela|i|ete)\b
        |\bnon voglio (?:più|ricevere)\b
    """,
    "nl": r"""
        \bstuur\w* (?:me |mij |ons )?(?:\w+ )?(?:niets|geen|niet)\b|\bniet meer (?:sturen|appen)\b|\bstop met\b
        |\bgeen (?:\w+ )?(?:berichten|reclame|sms|aanbiedingen|interesse)\b|\blaat me met rust\b
        |\bschrijf me uit\b|\bmeld me af\b
    """,
    "pl": r"""
        \bnie (?:\w+ )?(?:pisz|wysyłaj|przysyłaj|kontaktuj)\w*|\bprzesta(?:ń|ńcie)\b|\bwypisz\w* mnie\b
        |\bnie jestem zainteresowan\w+|\bnie chcę (?:\w+ )?(?:więcej|wiadomości|reklam|otrzymywać)\b
    """,
    "tr": r"""
        \b(?:mesaj|sms) (?:\w+ )?(?:atma|gönderme|yollama)\w*|\bartık (?:yazma|gönderme)\w*|\brahatsız etme\w*
        |\b(?:mesaj|sms|reklam|artık) istemiyorum\b|^istemiyorum$|\baboneliği\w* iptal\b|\bilgilenmiyorum\b
    """,
    "sv": r"""
        \b(?:inga|inte) (?:fler|mer) (?:sms|meddelanden|erbjudanden)\b|\bsluta (?:skicka|skriva|sms\w*)\b
        |\bskicka inte\b|\binte intresserad\b
    """,
    "no": r"""
        \b(?:ikke send|send ikke|stopp? med)\b|\bslutt å (?:sende|skrive)\b|\bikke interess?er[et]t\b
        |\bingen flere (?:sms|meldinger|beskeder)\b
    """,
    "fi": r"\bäl(?:ä|kää) (?:enää )?lähet\w+|\blopet\w+ (?:viest|lähet)\w*|\bei kiinnosta\b",
    "cs": r"""
        \b(?:nepište|nepiš|neposílejte|neposielajte|neposílej|přestaňte|prestaňte)\b|\bnemám zájem\b
        |\bodhla[sš]te mě\b
    """,
    "ro": r"""
        \bnu[- ]?(?:mi|îmi|ne)? ?mai (?:trimite|scrie|contacta)\w*|\bdezabon\w+|\bopriți\b
        |\bnu (?:mai vreau|sunt interesat)
    """,
    "hu": r"\bne (?:küld|ír)\w+|\bnem érdekel\b|\bleiratk\w+|\bnem kérek több\b|\bhagyj\w* békén\b",
    "el": r"μη(?:ν)? (?:μου )?(?:στέλν|γράφ|στείλ)|σταματήστε|σταμάτα|δεν ενδιαφέρομαι|δεν θέλω άλλ",
    "ru": r"""
        \bне (?:надо )?(?:мне |нам )?(?:больше )?(?:пиши|присыла|шли|слать|отправля|беспоко)\w*
        |\bбольше не (?:пиши|присыла|шли|отправля)\w*|\b(?:прекрати|перестань|отпишите)\w*|\bхватит\b
        |\bоставьте меня\b|\bне интересно\b|\bне хочу получать\b
    """,
    "uk": r"\bне (?:пишіть|надсилайте|турбуйте)\b|\bприпиніть\b|\bне цікаво\b",
    "zh": r"""
        (?:不要|别|別|勿)再?(?:给我|給我)?(?:发|發|联系|聯繫|聯絡|打扰|打擾|骚扰|騷擾)|停止(?:发|發|接收)
        |退订|退訂|取消订阅|取消訂閱|不感兴趣|不感興趣|没兴趣
    """,
    "ja": r"""
        送らないで|送るな|送信しないで|連絡しないで|もう(?:いらない|いりません|結構|送)
        |配信(?:停止|を止め|をやめ|解除)|やめて(?:ください|下さい)?$|興味が?(?:ない|ありません)
    """,
    "ko": r"보내지 ?(?:마|말)|그만 ?(?:보내|하세요|해)|^그만$|수신 ?거부|연락하지 ?(?:마|말)|관심 ?없",
    "he": r"תפסיקו|הפסיקו|אל תשלחו|לא מעוני|תורידו אותי|הסירו אותי|תסירו אותי",
    "id": r"""
        \bjangan (?:kirim|hubungi|sms|chat|wa)\w*|\bberhenti (?:kirim|mengirim)\w*|\btidak tertarik\b
    """,
    "vi": r"đừng (?:gửi|nhắn|liên hệ)|ngừng (?:gửi|nhắn)|hủy đăng ký|không quan tâm",
    "th": r"หยุดส่ง|เลิกส่ง|อย่าส่ง|ไม่ต้องส่ง|ไม่สนใจ",
    "sw": r"\b(?:acha|acheni|wacha) kuni\w+|\businitumie\b|\bmsinitumie\b|\bsitaki(?: (?:ujumbe|meseji)\b|$)",
    "hi": r"मत भेज|बंद कर|संदेश (?:बंद|ना)|\b(?:message|msg|sms) (?:mat|band|na) (?:bhej|kar)\w*|\bmat bhej\w*",
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


_NOT_INTERESTED = re.compile(
    r"\b(?:not interested|no me interesa|pas intéress\w+|n[aã]o tenho interesse|kein interesse"
    r"|nicht (?:mehr )?interessiert|non mi interessa|geen interesse)\b|не интересно|不感兴趣"
)


def not_interested(text: str) -> bool:
    """Whether a button of ours that somebody has tapped says so; other ways of declining are about what it asked."""
    return _NOT_INTERESTED.search(keywords.plain(text)) is not None


def may_mean_stop(text: str) -> str | None:
    """The language in which this may ask us to stop; None if nothing speaks for it."""
    if not text.strip() or len(text) > _MOST_CHARS:
        return None
    if set(text.replace("\ufe0f", "").replace(" ", "")) <= _SIGNS:
        return "en"
    words = keywords.plain(text)
    return next((language for language, pattern in _COMPILED.items() if pattern.search(words)), None)
