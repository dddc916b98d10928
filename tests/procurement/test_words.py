"""Figures in the sentences of refusals, as an office writes them in either language."""

import pytest
from django.utils import translation

from marketplace.ledger.actions import yuan
from procurement.priority.words import per_cent


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_money_has_thousands_in_both_languages(language: str) -> None:
    with translation.override(language):
        assert [yuan(5_207_200), yuan(5), yuan(-123_450)] == ["¥52,072.00", "¥0.05", "-¥1,234.50"]


def test_a_share_is_written_close_to_its_sign_in_chinese() -> None:
    with translation.override("zh-hans"):
        assert [per_cent(5000), per_cent(3333), per_cent(3050)] == ["50%", "33.33%", "30.5%"]
    with translation.override("en"):
        assert per_cent(5000) == "50 %"
