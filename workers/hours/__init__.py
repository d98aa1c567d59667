"""Keeps calendars up to date."""
