"""Own objects of the pages of accreditations: Jiaxian's vinegar on public notice, with a paper and an objection; a draft beside it."""

from types import SimpleNamespace
from typing import Any

from marketplace.organisations.models import User
from suppliers.accreditation import actions
from suppliers.accreditation.applying import Paper, file_paper
from suppliers.accreditation.models import Accreditation, ApplicationPaperKind
from suppliers.accreditation.objecting import raise_objection


def own(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Parameters by address."""
    grower, county = (User.objects.get(username=name) for name in ("p-jx", "county.610828"))
    applied = Accreditation.objects.get(product__upc="JX-VINEGAR-500", state="sector_review")
    paper = file_paper(grower, applied, Paper(ApplicationPaperKind.QUALITY, "a.pdf", b"%PDF-1.7"))
    actions.decide_county(county, applied)
    actions.publish(county, applied, notice_days=7)
    objection = raise_objection(applied, "王小明", "10100009998", "原料来自外县。", address="198.51.100.7")
    one = {"number": applied.number}
    found: dict[str, dict[str, Any]] = {f"producer:accreditation{end}": one for end in ("", "_papers")}
    found |= {f"{workspace}:accreditation_paper": one | {"paper": paper.pk} for workspace in ("producer", "oversight")}
    found |= {f"oversight:objection_{verb}": one | {"pk": objection.pk} for verb in ("answer", "contact")}
    return found | {"register_accreditation": one, "register_object": one}
