"""How numbers, words, addresses and replies are written and read; every module here is pure."""
