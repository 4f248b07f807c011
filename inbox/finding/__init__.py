"""
How an agent finds a conversation, and does one thing to many.

    views.py     the lists of the queue and those kept by the workspace; view_work.py keeps their members and counts
    facets.py    what a conversation is found by; counters.py how many have each
    lists.py     what each list asks for, and its order; listing.py its pages and how many there are
    reading.py   what each member has read
    search.py    words in messages, contacts and tickets; words.py how a text becomes words
    people.py    lists of contacts; bulk_contacts.py what can be done to many of them
    tags.py      labels on conversations and contacts; tag_work.py merges them
    bulk.py      one action on a whole list, with undo
"""
