"""What the code writes into the log is named in the auditors' guides, in both languages."""

import re

import pytest

from tests.house import ROOT
from tests.log_kinds import written


def named(guide: str) -> set[str]:
    """The kinds in the guide's table: `.granted` after `exception.asked` is `exception.granted`."""
    kinds, family = set(), ""
    for row in re.findall(r"^\| [^|]+ \| (.+) \|$", (ROOT / "docs" / guide).read_text(), re.MULTILINE):
        for token in re.findall(r"`([a-z_]*\.[a-z_]+)`", row):
            family = token.partition(".")[0] or family
            kinds.add(f"{family}.{token.partition('.')[2]}")
    return kinds


@pytest.mark.parametrize("guide", ["compliance.md", "compliance.zh-CN.md"])
def test_every_kind_of_entry_is_named_and_nothing_else(guide: str) -> None:
    assert sorted(written() - named(guide)) == []
    assert sorted(named(guide) - written()) == []
