"""Threads that are gone, and what agents write in them."""
