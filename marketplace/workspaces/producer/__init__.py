"""The pages of producers, made for a phone first."""
