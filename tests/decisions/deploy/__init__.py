"""The files that run Clerk on machines: what they start gets what it needs, and no more."""
