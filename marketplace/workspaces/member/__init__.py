"""Pages of members: their own gift by a personal link, and all their gifts when signed in."""
