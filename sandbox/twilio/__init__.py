"""The stand-in of Twilio: its REST API, its webhooks, and the contacts' phones."""
