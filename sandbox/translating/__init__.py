"""
Translation services as LibreTranslate and DeepL run them.

    dictionary.py   what they know
    settings.py     what the control API can set
    routes.py       their doors
"""
