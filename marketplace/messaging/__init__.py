"""Short messages to people: written with what caused them, sent by a step, asked about when the outcome is unknown."""
