"""Keeps the stand-ins' state over restarts."""
