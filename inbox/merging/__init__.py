"""
Merging contacts that are one person, and parting them again: what happens to timelines, conversations and tickets.

A merge is a row that is carried through by steps; each may be repeated, and the sweeper goes on where a process died.
No entry is rewritten: the survivor's story reads the other's timeline beside its own (story.py), and the other's
conversation keeps its row, out of all lists, until it is needed again. What is written from then on is the survivor's,
and on parting goes to the side whose address it came on.

The order is what keeps messages from being lost while people write. Addresses move first, so that what comes in goes
to where it is wanted. Then a **fence** is put on the timeline that is left: who began before it holds a number from
before it, has to come past, and begins anew (timeline.append). Everything before the fence is then complete.
"""
