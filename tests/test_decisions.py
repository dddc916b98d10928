"""The records of decisions: numbered without gaps, each in the index under its own title."""

import re

from tests.house import ROOT

FOLDER = ROOT / "docs" / "decisions"
RECORDS = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")


def test_they_are_numbered_without_gaps() -> None:
    assert [path.name[:4] for path in RECORDS] == [f"{number:04d}" for number in range(1, len(RECORDS) + 1)]


def test_the_index_has_each_of_them_by_its_title() -> None:
    titles = [path.read_text().splitlines()[0] for path in RECORDS]
    rows = re.findall(r"^\| \[(\d{4})\]\(([^)]+)\) \| (.+) \|$", (FOLDER / "README.md").read_text(), re.MULTILINE)
    assert [f"# {number}. {title}" for number, _name, title in rows] == titles
    assert [name for _number, name, _title in rows] == [path.name for path in RECORDS]


def test_each_says_context_choice_and_what_was_rejected() -> None:
    wanted = {"## Context", "## Choice", "## Rejected"}
    lacking = {path.name: wanted - set(path.read_text().splitlines()) for path in RECORDS}
    assert {name: sorted(parts) for name, parts in lacking.items() if parts} == {}
