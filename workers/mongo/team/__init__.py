"""The stores of what the team has set up."""
