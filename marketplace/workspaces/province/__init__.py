"""The pages of the province enterprise: what its producers deliver, and the money in between."""
