"""Strict stand-ins for the HTTP APIs of Slack and Twilio, and a page that shows their state.

They know nothing of Clerk's code: Clerk calls them with the real SDKs, and they send Clerk signed webhooks.
"""
