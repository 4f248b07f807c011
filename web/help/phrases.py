"""The words around the articles, by language; English where we do not speak it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """`{…}` is filled in."""

    help: str
    welcome: str
    search: str
    search_hint: str
    found: str
    found_one: str
    nothing_found: str
    try_other_words: str
    home: str
    articles: str
    one_article: str
    all_of: str
    other: str
    language: str
    updated: str
    on_this_page: str
    helpful: str
    yes: str
    no: str
    thanks: str
    thanks_word: str
    what_missing: str
    what_good: str
    send: str
    not_found: str
    not_found_text: str
    too_many: str
    empty: str
    skip: str
    related: str


_ENGLISH = Phrases(
    help="Help centre",
    welcome="How can we help?",
    search="Search",
    search_hint="Search the help centre",
    found="{count} articles for “{sought}”",
    found_one="One article for “{sought}”",
    nothing_found="Nothing found for “{sought}”",
    try_other_words="Try other words, or look through the topics.",
    home="Home",
    articles="{count} articles",
    one_article="1 article",
    all_of="All in {name}",
    other="More articles",
    language="Language",
    updated="Updated {date}",
    on_this_page="On this page",
    helpful="Was this helpful?",
    yes="Yes",
    no="No",
    thanks="Thank you for telling us.",
    thanks_word="Thank you, we will read it.",
    what_missing="What were you looking for? (optional)",
    what_good="Anything you would like to add? (optional)",
    send="Send",
    not_found="This page is not here",
    not_found_text="It may have moved, or it never was. Search for what you need.",
    too_many="That was a lot at once. Please wait a minute and try again.",
    empty="There is nothing to read here yet.",
    skip="Skip to the text",
    related="Also in {name}",
)

_ALL: Mapping[str, Phrases] = {
    "en": _ENGLISH,
    "fr": Phrases(
        help="Centre d’aide",
        welcome="Comment pouvons-nous vous aider ?",
        search="Rechercher",
        search_hint="Rechercher dans le centre d’aide",
        found="{count} articles pour « {sought} »",
        found_one="Un article pour « {sought} »",
        nothing_found="Aucun résultat pour « {sought} »",
        try_other_words="Essayez d’autres mots, ou parcourez les thèmes.",
        home="Accueil",
        articles="{count} articles",
        one_article="1 article",
        all_of="Tout voir : {name}",
        other="Autres articles",
        language="Langue",
        updated="Mis à jour le {date}",
        on_this_page="Sur cette page",
        helpful="Cet article vous a-t-il aidé ?",
        yes="Oui",
        no="Non",
        thanks="Merci de votre retour.",
        thanks_word="Merci, nous le lirons.",
        what_missing="Que cherchiez-vous ? (facultatif)",
        what_good="Souhaitez-vous ajouter quelque chose ? (facultatif)",
        send="Envoyer",
        not_found="Cette page n’existe pas",
        not_found_text="Elle a peut-être été déplacée. Cherchez ce dont vous avez besoin.",
        too_many="C’était beaucoup à la fois. Patientez une minute, puis réessayez.",
        empty="Il n’y a encore rien à lire ici.",
        skip="Aller au texte",
        related="Aussi dans {name}",
    ),
    "de": Phrases(
        help="Hilfe",
        welcome="Wie können wir helfen?",
        search="Suchen",
        search_hint="In der Hilfe suchen",
        found="{count} Artikel zu „{sought}“",
        found_one="Ein Artikel zu „{sought}“",
        nothing_found="Nichts gefunden zu „{sought}“",
        try_other_words="Versuchen Sie andere Wörter, oder sehen Sie die Themen durch.",
        home="Start",
        articles="{count} Artikel",
        one_article="1 Artikel",
        all_of="Alles zu {name}",
        other="Weitere Artikel",
        language="Sprache",
        updated="Stand: {date}",
        on_this_page="Auf dieser Seite",
        helpful="War das hilfreich?",
        yes="Ja",
        no="Nein",
        thanks="Danke für die Rückmeldung.",
        thanks_word="Danke, wir lesen es.",
        what_missing="Was haben Sie gesucht? (freiwillig)",
        what_good="Möchten Sie etwas hinzufügen? (freiwillig)",
        send="Senden",
        not_found="Diese Seite gibt es nicht",
        not_found_text="Vielleicht ist sie umgezogen. Suchen Sie, was Sie brauchen.",
        too_many="Das war viel auf einmal. Bitte warten Sie eine Minute.",
        empty="Hier gibt es noch nichts zu lesen.",
        skip="Zum Text",
        related="Auch in {name}",
    ),
    "es": Phrases(
        help="Centro de ayuda",
        welcome="¿En qué podemos ayudarte?",
        search="Buscar",
        search_hint="Buscar en el centro de ayuda",
        found="{count} artículos sobre «{sought}»",
        found_one="Un artículo sobre «{sought}»",
        nothing_found="Nada sobre «{sought}»",
        try_other_words="Prueba con otras palabras o mira los temas.",
        home="Inicio",
        articles="{count} artículos",
        one_article="1 artículo",
        all_of="Todo sobre {name}",
        other="Más artículos",
        language="Idioma",
        updated="Actualizado el {date}",
        on_this_page="En esta página",
        helpful="¿Te ha servido?",
        yes="Sí",
        no="No",
        thanks="Gracias por decírnoslo.",
        thanks_word="Gracias, lo leeremos.",
        what_missing="¿Qué buscabas? (opcional)",
        what_good="¿Quieres añadir algo? (opcional)",
        send="Enviar",
        not_found="Esta página no existe",
        not_found_text="Quizá se haya movido. Busca lo que necesitas.",
        too_many="Han sido muchas a la vez. Espera un minuto.",
        empty="Todavía no hay nada que leer.",
        skip="Ir al texto",
        related="También en {name}",
    ),
    "pt": Phrases(
        help="Central de ajuda",
        welcome="Como podemos ajudar?",
        search="Pesquisar",
        search_hint="Pesquisar na central de ajuda",
        found="{count} artigos sobre “{sought}”",
        found_one="Um artigo sobre “{sought}”",
        nothing_found="Nada sobre “{sought}”",
        try_other_words="Tente outras palavras, ou veja os temas.",
        home="Início",
        articles="{count} artigos",
        one_article="1 artigo",
        all_of="Tudo sobre {name}",
        other="Mais artigos",
        language="Idioma",
        updated="Atualizado em {date}",
        on_this_page="Nesta página",
        helpful="Isto foi útil?",
        yes="Sim",
        no="Não",
        thanks="Obrigado por nos dizer.",
        thanks_word="Obrigado, vamos ler.",
        what_missing="O que procurava? (opcional)",
        what_good="Quer acrescentar algo? (opcional)",
        send="Enviar",
        not_found="Esta página não existe",
        not_found_text="Pode ter mudado de lugar. Pesquise o que precisa.",
        too_many="Foram muitas de uma vez. Espere um minuto.",
        empty="Ainda não há nada para ler.",
        skip="Ir para o texto",
        related="Também em {name}",
    ),
}
# What a language calls itself, for choosing it.
_NAMES: Mapping[str, str] = {
    "ar": "العربية",
    "de": "Deutsch",
    "en": "English",
    "es": "Español",
    "fa": "فارسی",
    "fr": "Français",
    "he": "עברית",
    "hi": "हिन्दी",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "nl": "Nederlands",
    "pl": "Polski",
    "pt": "Português",
    "ru": "Русский",
    "sw": "Kiswahili",
    "tr": "Türkçe",
    "uk": "Українська",
    "zh": "中文",
}


def phrases_of(language: str) -> Phrases:
    return _ALL.get(language.partition("-")[0], _ENGLISH)


def name_of(language: str) -> str:
    base, _, region = language.partition("-")
    name = _NAMES.get(base, base)
    return f"{name} ({region.upper()})" if region else name
