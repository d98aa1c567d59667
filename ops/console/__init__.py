"""The operations console: pages and a JSON API at /ops, for whoever has CLERK_OPS_TOKEN."""
