"""How modals open, and how whoever waits for one is told why it does not."""
