"""Who gives an order: whether they speak for the team."""
