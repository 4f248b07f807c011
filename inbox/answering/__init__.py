"""
What helps an agent to answer.

    canned.py    kept texts, found by their shortcut; variables.py what they may say of the customer
    macros.py    several actions in one; acts.py the actions
    drafts.py    what is being written, shared with colleagues
    deferred.py  messages for later; undo.py those taken back in time; reopeners.py those kept for a closed window
    corrections.py  editing and deleting what was sent; voice.py recorded in the browser
    previews.py     a message as the customer will see it; prices.py what it costs
    proofs.py    going on with a thread on another channel, after a code
    following.py    who follows a conversation; notifications.py what members are told
    push.py         the same on their devices; push_delivery.py sends it
    transcripts.py  a conversation as a document; pdf.py how one is drawn
"""
