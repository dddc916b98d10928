"""The README in both languages: whoever reads one has read the other."""

import re

from tests.house import ROOT

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def shape(name: str) -> dict[str, list[str] | int]:
    """Levels of the headings; code blocks without their comments; how many links and pictures lead somewhere, of which kind."""
    source = (ROOT / name).read_text()
    prose = BLOCK.sub("", source)
    return {
        "headings": re.findall(r"^(#+) ", prose, re.MULTILINE),
        "blocks": [f"{kind}\n{re.sub(r' +#.*', '', code)}" for kind, code in BLOCK.findall(source)],
        "pictures": len(re.findall(r"!\[[^]]+\]\([^)]+\)", prose)),
        "links": len(re.findall(r"(?<!!)\[[^]]+\]\([^)]+\)", prose)),
    }


def test_both_languages_have_the_same_headings_code_and_links() -> None:
    english = shape("README.md")
    assert shape("README.zh-CN.md") == english
    assert english["headings"][0] == "#"
    assert len(english["blocks"]) >= 1
    assert english["links"] > 5


def test_every_link_leads_to_a_file_of_the_repository() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        found = re.findall(r"\]\(([^)#]+)[^)]*\)", (ROOT / name).read_text())
        assert [link for link in found if "://" not in link and not (ROOT / link).exists()] == []
