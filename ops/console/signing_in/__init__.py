"""How a person signs in to the console: with the token, by a link that works once, and for how long."""
