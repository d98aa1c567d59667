"""Twilio's REST API, its media, and what its answers and error codes mean."""
