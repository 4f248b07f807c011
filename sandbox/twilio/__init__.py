"""
Twilio's Messages API, pretended.

messages     create, list, look at, redact, cancel, delete
resources    the account, its numbers, media of messages
content      the Content API, as far as templates need it
statuses     queued, sent, delivered, undelivered: when they come, and the signed callbacks
inbound      what a customer does: texts, pictures, STOP, START, HELP
hooks        form bodies, their signature, connection overrides, TwiML answers
segments     GSM-7 and UCS-2, and how many parts a text takes
errors       the error envelope and the words of each code
"""
