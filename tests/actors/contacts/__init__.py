"""Actors on what contacts are and write."""
