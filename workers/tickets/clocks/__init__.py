"""The clocks of tickets: what starts, stops and pauses them, and what follows when one falls due."""
