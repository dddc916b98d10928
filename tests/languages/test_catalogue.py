"""Chinese and English are both complete: every text that we ask to be translated is, and nothing in the catalogue is left over."""

import re

from tests.languages import catalogue
from tests.languages.catalogue import Text

HAN = re.compile(r"[\u3400-\u9fff\uff00-\uffef]")


def entries():
    return [message for message in catalogue.chinese() if message.id]


def translations(message):
    return message.string if isinstance(message.string, tuple) else (message.string,)


def test_every_text_of_code_and_templates_is_found():
    found = catalogue.wanted()
    assert len(found) > 800
    assert Text(None, "This page belongs to another role.") in found
    assert any(place.startswith("templates/") for place in found.values())


def test_every_text_is_in_the_catalogue():
    have = {catalogue.key(message) for message in entries()}
    assert {text: place for text, place in catalogue.wanted().items() if text not in have} == {}


def test_every_entry_is_translated():
    assert [m.id for m in entries() if not all(translations(m))] == []
    assert [m.id for m in entries() if m.fuzzy] == []
    assert list(catalogue.chinese().obsolete) == []


def test_every_entry_is_asked_for():
    """By our code, or by a package whose own Chinese has a gap or another word than ours."""
    wanted, theirs = catalogue.wanted(), catalogue.of_our_packages()
    left_over = [text for text in map(catalogue.key, entries()) if text not in wanted and text.singular not in theirs]
    assert left_over == []


def test_what_is_filled_in_is_the_same_in_both_languages():
    wrong = []
    for message in entries():
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        asked = set().union(*map(catalogue.placeholders, ids))
        for string in translations(message):
            given = catalogue.placeholders(string)
            # A singular may say “one” where the plural counts, and Chinese needs no number for it.
            if given != asked and given != catalogue.placeholders(ids[-1]):
                wrong.append((message.id, string))
    assert wrong == []


def test_sources_are_english():
    assert [text for text in catalogue.wanted() if HAN.search(text.singular + text.plural)] == []


def test_translations_are_chinese():
    """What has words has Chinese words, unless it is a name that stays as it is."""
    stays = {"XLSX", "CSV", "API", "WeChat"}
    wrong = [
        (m.id, string)
        for m in entries()
        for string in translations(m)
        if not HAN.search(string)
        and re.search(r"[A-Za-z]{3}", re.sub(r"%\(\w+\)[sd]|\{[^}]*\}", "", string))
        and string not in stays
    ]
    assert wrong == []
