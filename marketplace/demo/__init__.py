"""The demonstration world: unions, producers, sellers and goods, all invented but the counties."""
