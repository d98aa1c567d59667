"""How Clerk's processes run, end, and are watched."""
