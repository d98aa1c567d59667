"""The operations console: pages and a JSON API at /ops, for everyone who has CLERK_OPS_TOKEN."""
