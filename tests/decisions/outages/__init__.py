"""What is decided about failures."""
