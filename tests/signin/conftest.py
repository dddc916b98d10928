"""What tests of signing in need."""

import contextvars

import pytest


@pytest.fixture(autouse=True)
def _collected_files(settings, tmp_path):
    """WhiteNoise warns where no static files were ever collected."""
    settings.STATIC_ROOT = tmp_path


@pytest.fixture
def outside():
    """Ask a page outside the test's own scope: it has to say for whom it asks."""
    return lambda call, *arguments, **options: contextvars.Context().run(lambda: call(*arguments, **options))
