"""The mall's settings for the tests and every process that they start; only passwords are stored with less work."""

from marketplace.settings import *  # noqa: F403

PASSWORD_HASHERS = ["tests.quick_hasher.QuickHasher"]
