"""What the books in docs/ list is what there is: steps, environment, commands, what the database keeps."""

import re

from django.db import connection

from marketplace.steps.registry import handler_of, kinds
from tests.house import ROOT

FOLDERS = ("marketplace", "procurement", "suppliers")


def book(*names: str) -> str:
    return "\n".join((ROOT / "docs" / name).read_text() for name in names)


def test_every_kind_of_step_is_in_the_book_of_the_house() -> None:
    ours = (kind for kind in kinds() if not handler_of(kind).__module__.startswith("tests."))
    assert [kind for kind in ours if f"`{kind}`" not in book("architecture.md")] == []


def test_every_variable_of_the_environment_is_in_the_book_of_operations() -> None:
    read = re.findall(r'environ(?:\.get\(|\[)"([A-Z_]+)"', (ROOT / "marketplace/settings.py").read_text())
    assert len(read) > 8
    assert sorted({name for name in read if f"`{name}`" not in book("operations.md")}) == []


def test_every_command_is_in_a_book() -> None:
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("management/commands/*.py")]
    commands = {path.stem for path in found if path.stem != "__init__"}
    assert len(commands) > 10
    told = (
        book("architecture.md", "operations.md", "contributing.md", "compliance.md") + (ROOT / "README.md").read_text()
    )
    assert sorted(name for name in commands if not re.search(rf"\b{name}\b", told)) == []


KEPT = """
    SELECT tgname FROM pg_trigger UNION SELECT conname FROM pg_constraint
    UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'
"""


def test_what_keeps_the_invariants_is_in_the_database(db: None) -> None:
    section = re.search(r"^## Invariants.*?(?=^## )", book("architecture.md"), re.MULTILINE | re.DOTALL)
    assert section is not None
    named = set(re.findall(r"`([a-z_0-9]+)`", section[0]))
    with connection.cursor() as cursor:
        cursor.execute(KEPT)
        kept = {name for (name,) in cursor.fetchall()}
    assert len(named) > 100
    assert sorted(named - kept) == []
