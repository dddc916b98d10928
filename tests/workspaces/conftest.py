"""What all tests of pages need."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _collected_files(settings: Any, tmp_path: Path) -> None:
    """WhiteNoise warns where no static files were ever collected."""
    settings.STATIC_ROOT = tmp_path


@pytest.fixture
def own(world: None) -> SimpleNamespace:
    """What the union of Yanta, a producer of Jiaxian and its county have (tests/workspaces/own.py)."""
    # Models can be imported only once Django is set up, which is after this file was read.
    from tests.workspaces.own import make

    return make()


@pytest.fixture
def order(world: None) -> Any:
    """Three members' order of two producers, sent to them."""
    from tests import world as builders

    giver = builders.side()
    return builders.bring(builders.placed(giver, [builders.DATES, builders.MOONCAKES]), giver.buyer, "sent")
