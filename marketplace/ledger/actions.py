"""Verbs that move money. All of them go through `post`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import transaction

from marketplace.evidence.actions import record
from marketplace.ledger.errors import NotEnoughMoney, NothingToMove, PurseClosed, PurseElsewhere, Unbalanced
from marketplace.ledger.models import Account, AccountKind, Leg, Purse, PurseKind, PursePurpose, Transaction
from marketplace.organisations.errors import Refusals, SameKeyOtherBody
from marketplace.organisations.models import Organisation, Role, User
from marketplace.organisations.queries import holds, require


def account(kind: AccountKind, owner: Organisation, detail: str = "") -> Account:
    """The owner's account of this kind (and detail), opened when first needed."""
    code = f"{kind}:{owner.code}{':' + detail if detail else ''}"
    return Account.objects.get_or_create(code=code, defaults={"kind": kind, "owner": owner})[0]


def accounts(kind: AccountKind, owners: Mapping[str, Organisation]) -> dict[str, Account]:
    """Accounts of one kind for many details at once (detail → owner), opened where needed, in a constant number of statements."""
    codes = {f"{kind}:{owner.code}:{detail}": detail for detail, owner in owners.items()}
    Account.objects.bulk_create(
        [Account(code=code, kind=kind, owner=owners[detail]) for code, detail in sorted(codes.items())],
        ignore_conflicts=True,
    )
    return {codes[a.code]: a for a in Account.objects.filter(code__in=codes)}


def post(
    key: str,
    kind: str,
    cause: str,
    legs: Mapping[Account, int],
    *,
    union: Organisation | None = None,
    corrects: Transaction | None = None,
) -> Transaction:
    """Post one transaction: account → fen, summing to zero. The same key again returns the first one.

    Raises Unbalanced, SameKeyOtherBody; the database refuses to bring a purse below zero. Locks the accounts in order of id.
    """
    moved = {a.pk: amount for a, amount in legs.items() if amount}
    if sum(moved.values()) != 0:
        raise Unbalanced(key=key, sum=sum(moved.values()))
    with transaction.atomic():
        posted, created = Transaction.objects.get_or_create(
            key=key,
            defaults={"kind": kind, "cause": cause, "union": union, "corrects": corrects, "legs_count": len(moved)},
        )
        if not created:
            if dict(posted.legs.values_list("account_id", "amount")) != moved:
                raise SameKeyOtherBody(key=key)
            return posted
        Leg.objects.bulk_create([Leg(transaction=posted, account_id=a, amount=moved[a]) for a in sorted(moved)])
        record(
            "ledger.posted",
            {
                "key": key,
                "kind": kind,
                "cause": cause,
                "legs": sorted([a.code, amount] for a, amount in legs.items() if amount),
            },
            subject=cause,
            union_id=union.pk if union else None,
        )
    return posted


def open_purse(
    union: Organisation,
    name: str,
    gift_year: int,
    *,
    name_en: str = "",
    kind: PurseKind = PurseKind.GENERAL,
    covered: bool = True,
    purpose: PursePurpose = PursePurpose.GIFTS,
) -> Purse:
    """Open an empty purse for one gift year, or return the one of that name."""
    purse = Purse.objects.filter(union=union, gift_year=gift_year, name=name).first()
    if purse is None:
        held = account(AccountKind.PURSE, union, f"{gift_year}:{name}")
        purse = Purse.objects.create(
            union=union,
            name=name,
            name_en=name_en,
            gift_year=gift_year,
            kind=kind,
            covered=covered,
            purpose=purpose,
            account=held,
        )
    return purse


def fund(purse: Purse, amount: int, key: str) -> Transaction:
    """Put money (fen) into a purse from outside. Raises NothingToMove, PurseClosed."""
    _more_than_nothing(amount)
    _still_open(purse, key)
    outside = account(AccountKind.OUTSIDE, purse.union)
    return post(key, "fund", f"purse:{purse.pk}", {outside: -amount, purse.account: amount}, union=purse.union)


def set_aside(actor: User, source: Purse, target: Purse, amount: int, key: str) -> Transaction:
    """Move money (fen) from a union's general purse into its assistance-only purse. Only the upper union can release it again.

    Raises NotAllowed, NothingToMove, PurseClosed, PurseElsewhere, NotEnoughMoney.
    """
    if not holds(actor, Role.BUYER, source.union):
        require(actor, Role.APPROVER, source.union)
    _more_than_nothing(amount)
    same = (source.union_id, source.gift_year) == (target.union_id, target.gift_year)
    if not same or (source.kind, target.kind) != (PurseKind.GENERAL, PurseKind.RING_FENCED):
        raise PurseElsewhere(source=source.name, target=target.name)
    _still_open(source, key)
    return _transfer(key, "set_aside", f"purse:{target.pk}", source, target, amount)


def release(source: Purse, target: Purse, amount: int, key: str) -> Transaction:
    """Move money (fen) back from an assistance-only purse into a general one of the same union and year.

    Only `procurement.priority.actions.release_reserve` calls it, which asks the upper union and keeps the year's share.
    """
    _more_than_nothing(amount)
    _still_open(source, key)
    return _transfer(key, "purse.released", f"purse:{source.pk}", source, target, amount)


def close_purses(union: Organisation, gift_year: int) -> int:
    """Carry what a closed year's purses hold over into those of the next year; what the assistance-only ones held, in fen.

    Only `procurement.compliance.closing.close_year` calls it, in its transaction and under the locks of both years.
    """
    shortfall = 0
    for purse in Purse.objects.filter(union=union, gift_year=gift_year, carried_to=None).order_by("id"):
        purse.carried_to = _next_years(purse)
        purse.save(update_fields=["carried_to"])
        moved = carry_on([purse.account_id], f"purse:{purse.pk}")
        shortfall += moved if purse.kind == PurseKind.RING_FENCED else 0
    return shortfall


def carry_on(accounts: Iterable[int], cause: str) -> int:
    """Let what lies in purses of closed years (ids of their accounts) follow into the years after, until one that is open; fen in all.

    Within a scope that sees the union.
    """
    closed = Purse.objects.filter(account__in=list(accounts), carried_to__isnull=False).select_related(
        "account", "union"
    )
    moved = 0
    for first in closed.order_by("id"):
        held, purse = first.account.balance, first
        while held and purse.carried_to_id is not None:
            target = Purse.objects.select_related("account").get(pk=purse.carried_to_id)
            legs = {purse.account: -held, target.account: held}
            post(f"carried:{cause}:{purse.pk}", "purse.carried", f"purse:{purse.pk}", legs, union=first.union)
            purse = target
        moved += held
    return moved


def _next_years(purse: Purse) -> Purse:
    """The purse of the next year of the same kind, purpose and name; where another one has that name, one that says the year."""
    alike = {"kind": purse.kind, "purpose": purse.purpose, "covered": purse.covered}
    following = Purse.objects.filter(union_id=purse.union_id, gift_year=purse.gift_year + 1)
    found: Purse | None = following.filter(name=purse.name, **alike).first()
    if found is not None:
        return found
    is_taken = following.filter(name=purse.name).exists()
    name, name_en = (
        f"{text[:72]} {purse.gift_year}" if is_taken and text else text for text in (purse.name, purse.name_en)
    )
    return open_purse(
        purse.union,
        name,
        purse.gift_year + 1,
        name_en=name_en,
        kind=PurseKind(purse.kind),
        covered=purse.covered,
        purpose=PursePurpose(purse.purpose),
    )


def _still_open(purse: Purse, key: str) -> None:
    if purse.carried_to_id is not None and not is_posted(key):
        raise PurseClosed(year=purse.gift_year, purse=purse.name)


def is_posted(key: str) -> bool:
    """Whether this key was posted before: then whatever is asked again under it has been done."""
    return Transaction.objects.filter(key=key).exists()


def _transfer(key: str, kind: str, cause: str, source: Purse, target: Purse, amount: int) -> Transaction:
    """From purse to purse of one union. A key posted before gets its first answer, whatever the source holds now."""
    if not is_posted(key):
        check_funds({source: amount})
    return post(key, kind, cause, {source.account: -amount, target.account: amount}, union=source.union)


def check_funds(spent: Mapping[Purse, int]) -> None:
    """Raise Refusals of NotEnoughMoney for purses that hold less than is to be spent (fen).

    This only serves the sentence: the ledger itself refuses to bring a purse below zero.
    """
    held = dict(Account.objects.filter(purse__in=spent).values_list("purse", "balance"))
    short = [
        NotEnoughMoney(purse=purse.name, balance=yuan(held[purse.pk]), needed=yuan(fen))
        for purse, fen in sorted(spent.items(), key=lambda item: item[0].pk)
        if held[purse.pk] < fen
    ]
    if short:
        raise Refusals(list(short))


def yuan(fen: int) -> str:
    """An amount as a sentence shows it."""
    whole, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}¥{whole:,}.{rest:02d}"


def _more_than_nothing(amount: int) -> None:
    if amount <= 0:
        raise NothingToMove
