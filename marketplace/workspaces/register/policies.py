"""The rules as anybody may read them: what holds today, what will, what held before, and in what each differs from the one before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from marketplace.evidence.models import Entry
from marketplace.organisations.regions import region_name
from marketplace.workspaces.doors import open_to_all
from marketplace.workspaces.pages import today
from marketplace.workspaces.policy_words import Change, Topic, differences, level_label, topics
from marketplace.workspaces.strangers import same_for_strangers
from procurement.policy.models import Policy


@dataclass(frozen=True)
class Version:
    """One policy in words, with what it changed and the log's entry of its approval."""

    policy: Policy
    region: str
    level: str
    state: str
    before: Policy | None
    changes: tuple[Change, ...]
    entry: int | None

    @property
    def topics(self) -> list[Topic]:
        """Every rule, by topic."""
        return topics(self.policy)


@open_to_all
@same_for_strangers
def policies(request: HttpRequest) -> HttpResponse:
    """What holds today in each region and level, in sentences; then every version with what it changed. Two statements."""
    found = _versions(Policy.objects.filter(approved_by__isnull=False))
    context = {
        "here": "register_policies",
        "in_force": [one for one in found if one.state == "active"],
        "planned": [one for one in found if one.state == "planned"],
        "versions": found,
    }
    return render(request, "register/policies.html", context)


@open_to_all
@same_for_strangers
def policy(request: HttpRequest, pk: int) -> HttpResponse:
    """One approved version. A draft is nobody's rule yet and is not shown."""
    approved = Policy.objects.filter(approved_by__isnull=False)
    wanted = get_object_or_404(approved, pk=pk)
    found = _versions(approved.filter(region=wanted.region, level=wanted.level))
    return render(request, "register/policy.html", {"one": next(one for one in found if one.policy == wanted)})


def _versions(rows: Iterable[Policy]) -> list[Version]:
    """The nearest to the whole province first; of each region and level the newest first."""
    series: defaultdict[tuple[str, int], list[Policy]] = defaultdict(list)
    for row in rows:
        series[row.region, row.level].append(row)
    entries = dict(
        Entry.objects.filter(kind="policy.approved", subject__startswith="policy:")
        .values_list("subject")
        .annotate(entry=Max("id"))
    )
    found = []
    for _place, same in sorted(series.items()):
        same.sort(key=lambda one: one.period.lower)
        before = [None, *same[:-1]]
        found += [_version(one, earlier, entries) for earlier, one in reversed(list(zip(before, same, strict=True)))]
    return found


def _version(policy: Policy, before: Policy | None, entries: dict[str, int]) -> Version:
    day = today()
    state = "active" if day in policy.period else "planned" if policy.period.lower > day else "expired"
    return Version(
        policy=policy,
        region=region_name(policy.region),
        level=level_label(policy.level),
        state=state,
        before=before,
        changes=tuple(differences(before, policy)) if before else (),
        entry=entries.get(f"policy:{policy.version}"),
    )
