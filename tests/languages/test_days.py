"""Days within sentences: as offices write them, in the language of whoever reads, also in refusals that were kept."""

from datetime import UTC, date, datetime

from django.utils import translation

from marketplace.organisations.days import day_in_words
from marketplace.organisations.errors import Sentence
from marketplace.organisations.refusals import kept, sentences_of
from procurement.programmes.errors import PastDate

DAY = date(2026, 11, 4)


def test_a_day_is_written_as_offices_write_it() -> None:
    with translation.override("zh-hans"):
        assert day_in_words(DAY) == "2026年11月4日"
    with translation.override("en"):
        assert day_in_words(DAY) == "4 November 2026"


def test_a_moment_is_told_by_its_day_in_shanghai() -> None:
    with translation.override("en"):
        assert day_in_words(datetime(2026, 11, 3, 16, 30, tzinfo=UTC)) == "4 November 2026"


def test_a_refusal_names_its_day_in_the_language_of_whoever_reads_at_once_or_later() -> None:
    refusal = PastDate(day=DAY)
    later = kept(refusal)
    for language, words in (("en", "on 4 November 2026, which is past"), ("zh-hans", "2026年11月4日")):
        with translation.override(language):
            assert words in str(refusal)
            assert sentences_of(later) == [str(refusal)]


def test_a_text_that_looks_like_a_day_stays_as_it_was_typed() -> None:
    with translation.override("en"):
        assert str(Sentence("The lot %(code)s", {"code": "2026-11-04"})) == "The lot 2026-11-04"
