"""The fault suite: a deployment under load whose processes are killed and whose APIs misbehave, and what became of it.

`python -m tests.chaos` (`make chaos`) runs it at length; a test runs it briefly.
"""
