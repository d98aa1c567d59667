"""The distribution, built and used elsewhere."""
