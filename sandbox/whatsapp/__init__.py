"""
The WhatsApp Business Platform (Cloud API), pretended.

messages     POST /{version}/{phone_number_id}/messages: every check, then acceptance
bodies       what a message may look like: shapes and limits of each type
templates    templates of a business account: create, list, edit, delete, review; template_rules, _seeds and _fill
files        media upload, look-up, download, deletion; files that messages link to
account      the number, the token, subscriptions, blocking users
statuses     sent, delivered, read, failed: when they come and what they look like
inbound      what a customer does, as the webhook Meta would send (acts: the bodies)
hooks        the envelope, its signature, its queue
errors       the error envelope and the words of each code
"""
