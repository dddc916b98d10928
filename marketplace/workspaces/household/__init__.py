"""Where a household answers, without signing in."""
