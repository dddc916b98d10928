"""What the public can check: registers, checkpoints, how to verify, and whether the house is well."""
