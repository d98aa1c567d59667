"""Checks at the end of a simulation that every promise was kept."""
