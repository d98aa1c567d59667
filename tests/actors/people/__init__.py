"""Who gives an order, and whether they may."""
