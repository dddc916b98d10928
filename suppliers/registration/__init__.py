"""Who exists: registering organisations, changing their names, and whether they are in good standing."""
