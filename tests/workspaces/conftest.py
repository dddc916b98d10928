"""What all tests of pages need."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _collected_files(settings: Any, tmp_path: Path) -> None:
    """WhiteNoise warns where no static files were ever collected."""
    settings.STATIC_ROOT = tmp_path
