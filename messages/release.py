"""Which release of Clerk this is, and which messages and documents it knows. Pure."""

from typing import Final

DISTRIBUTION: Final = "clerk-texts"
"""Clerk's name in package indexes, where `clerk` belongs to somebody else."""

VERSION: Final = "0.1.0"
"""The release, as Semantic Versioning has it (https://semver.org). pyproject.toml and `clerk version` read it here."""

MESSAGES: Final = 6
"""The version of the messages: it grows when a message gets a field, or when there is a new kind of message.

Every message says with which it was published. A worker that can't read a message of a newer one hands it back.
"""

DOCUMENTS: Final = 3
"""The version of the documents: the number of the last step in workers/mongo/migrations.py."""
