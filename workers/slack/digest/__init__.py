"""The digest: what came while a line was closed, told once when it opens."""
