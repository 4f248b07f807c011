"""
What a supervisor looks at.

    reports.py     figures, each with one definition; wallboard.py those of this minute
    operations.py  lanes, waiting and failed work; usage.py where things are used
"""
