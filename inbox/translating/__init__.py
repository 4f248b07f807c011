"""
Translating by a service that a workspace connects: what customers write for agents, and answers for customers.

    services.py        the port: what a service can do, how it is opened, and its errors
    libretranslate.py  LibreTranslate, also one's own
    deepl.py           DeepL
    translator.py      which service a workspace has connected
    translations.py    translations of entries, of whole conversations as they come, and of answers before they go
"""
