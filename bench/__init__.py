"""Benchmarks: each runs by its name and prints ratios that it measured within one run."""
