"""The stores of what waits for a deadline."""
