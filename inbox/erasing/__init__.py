"""
Erasing a person from everything that was said: what it would do, doing it, and the document that proves it.

    erasing.py   begin, carry through, go on after a crash
    steps.py     the steps, in order; each may be repeated
    outlook.py   what goes and what stays, before anything happens
    proof.py     the document afterwards
    copies.py    the other half of the right: everything that is known of a person, as an archive
"""
