"""
How a conversation rests or ends.

    closing.py   reasons, words of thanks, and what a workspace has settled; idle.py closing after a long silence
    thanks.py    which words after the end are nothing but thanks
    snooze.py    asleep until a time or until the customer writes
    surveys.py   what customers are asked afterwards; survey_answers.py what they say to it
    blocking.py  whom nobody wants to hear from
"""
