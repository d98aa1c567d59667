"""What the cards and lists of several slices say alike."""
