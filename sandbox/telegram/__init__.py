"""
Telegram's Bot API, pretended.

routes       /bot{token}/{method}, /file/bot{token}/{path}, and the table of methods
params       parameters from query, form, multipart and JSON alike
messages     send*, with the checks of the real server
edits        edit*, delete*, reactions, answers to taps
chats        who may be written to: Start first, blocks, rate limits
entities     parse_mode HTML and MarkdownV2
keyboards    reply markups and their limits
files        file ids, uploads, URLs to fetch, getFile, download
updates      update numbers, webhook delivery, getUpdates, conflicts
settings     getMe, setWebhook, commands and other small methods
inbound      what a customer does
errors       the error envelope
"""
