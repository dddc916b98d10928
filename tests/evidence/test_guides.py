"""What the code writes into the log, and what a statement says, is named in the auditors' guides, in both languages."""

import re
from dataclasses import fields

import pytest

from procurement.compliance.queries import Statement
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


@pytest.mark.parametrize("guide", ["compliance.md", "compliance.zh-CN.md"])
def test_every_figure_of_a_statement_is_explained(guide: str) -> None:
    """Whose year it is needs no explanation."""
    computed = {name for name, member in vars(Statement).items() if isinstance(member, property)}
    figures = {field.name for field in fields(Statement)} - {"union", "union_name", "year"} | computed
    told = set(re.findall(r"`([a-z_*]+)`", (ROOT / "docs" / guide).read_text()))
    told |= {name for name in figures if name.startswith("counted_") and "counted_*" in told}
    assert sorted(figures - told) == []
