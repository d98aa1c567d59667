"""Clerk's metrics: served to Prometheus, read back as numbers, and recorded for the console."""
