"""The Dramatiq actors, in slices that never import each other."""
