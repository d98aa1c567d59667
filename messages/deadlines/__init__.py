"""By when a ticket must be answered, who is told if it is not, and tickets that are put off."""
