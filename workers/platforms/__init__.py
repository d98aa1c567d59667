"""The only clients of Slack and Twilio."""
