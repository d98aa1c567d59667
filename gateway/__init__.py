"""The thin gateway: verify, parse, publish, answer. It knows no ticket and no button."""
