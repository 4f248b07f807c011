"""
The help centre as readers see it: plain pages, made on the server, without a script and without a cookie.

    pages.py    which address shows what
    look.py     a page: its head, its frame, its style
    parts.py    what stands in it: categories, articles, hits, the question whether it helped
    phrases.py  the words around the articles, in the languages that we speak
"""
