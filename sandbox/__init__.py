"""Strict stand-ins of Slack's and Twilio's HTTP APIs, and a page that shows what they hold.

They know nothing of Clerk's code: Clerk reaches them with the real SDKs, they reach Clerk with signed webhooks.
"""
