"""The form in which an agent blocks a contact."""
