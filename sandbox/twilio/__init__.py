"""The stand-in for Twilio: its REST API, its webhooks, and the contacts' phones."""
