"""Weeks of a shop, played through."""
