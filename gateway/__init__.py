"""The thin gateway: verify, parse, publish, answer. It knows nothing of tickets and buttons."""
