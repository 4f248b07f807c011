"""SMS and MMS through Twilio."""

from channels.sms.adapter import SmsAdapter

ADAPTER = SmsAdapter()
