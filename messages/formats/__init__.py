"""How numbers, words, addresses and replies are written and read. Pure."""
