"""The documents as an operator sees them, and the embedded database."""
