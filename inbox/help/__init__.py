"""
The help centre: articles that customers read without asking, and that agents put into answers.

    help_centre   how it is set up: address, languages, categories
    articles      what is written, in which state, with every version
    markdown      their text as HTML, as plain text, as words
    finding       search over them, ranked
    listening     what readers say of them, and what they looked for in vain
"""
