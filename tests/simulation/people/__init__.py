"""The people of a simulation: what they do, and how it reaches the gateways."""
