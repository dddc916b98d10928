"""Passwords as Django stores them, with a thousandth of the work: people sign in hundreds of times in the tests."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHasher(PBKDF2PasswordHasher):
    """The same algorithm under the same name."""

    iterations = 1_000
