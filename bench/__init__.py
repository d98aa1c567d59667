"""Benchmarks, each runnable by name, each printing ratios measured within one run."""
