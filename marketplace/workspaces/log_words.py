"""What entries of the evidence log mean, in words: the one list for every page that shows a trail."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from marketplace.workspaces.templatetags._labels import state

KINDS: dict[str, str | Promise] = {
    # a gift, from the plan to the papers
    "programme.drafted": gettext_lazy("Plan drafted"),
    "programme.revised": gettext_lazy("Plan changed"),
    "programme.submitted": gettext_lazy("Plan submitted"),
    "programme.approved": gettext_lazy("Plan approved"),
    "programme.sent_back": gettext_lazy("Plan sent back"),
    "programme.withdrawn": gettext_lazy("Plan withdrawn"),
    "programme.placed": gettext_lazy("Order of the plan placed"),
    "roster.imported": gettext_lazy("List of members read"),
    "recipient.added": gettext_lazy("Member added to the list"),
    "recipient.removed": gettext_lazy("Member taken off the list"),
    "recipient.link_renewed": gettext_lazy("Personal link renewed"),
    "member.tied": gettext_lazy("Gift kept in a member's account"),
    "gift.substituted": gettext_lazy("Substitutes taken"),
    "choosing.opened": gettext_lazy("Members began to choose"),
    "choosing.closed": gettext_lazy("Members' choosing closed"),
    "priority.judged": gettext_lazy("The rule judged the gift"),
    "order.placed": gettext_lazy("Order placed"),
    "order.offered": gettext_lazy("Order offered to the union to which it belongs"),
    "order.handed_on": gettext_lazy("Order handed on to another union"),
    "order.taken_over": gettext_lazy("Order taken over from another union"),
    "order.offer_declined": gettext_lazy("Offer of an order declined"),
    "order.offer_withdrawn": gettext_lazy("Offer of an order withdrawn"),
    "paper.filed": gettext_lazy("Paper put on file"),
    "pack.asked": gettext_lazy("Evidence pack asked for"),
    "pack.manifest": gettext_lazy("Contents of an evidence pack noted"),
    # supply
    "supplier_order.opened": gettext_lazy("Supplier order opened"),
    "supplier_order.sent": gettext_lazy("Sent to the producer"),
    "supplier_order.confirmed": gettext_lazy("Confirmed by the producer"),
    "supplier_order.lots_assigned": gettext_lazy("Lots assigned"),
    "supplier_order.shipped": gettext_lazy("Shipped"),
    "supplier_order.accepted": gettext_lazy("Accepted"),
    "supplier_order.accrued": gettext_lazy("Earnings of producer and households computed"),
    "supplier_order.accrual_corrected": gettext_lazy("Earnings corrected for a return"),
    "supplier_order.paid": gettext_lazy("Paid to the seller"),
    "supplier_order.paid_out": gettext_lazy("Paid to producer and households"),
    "households.confirmed": gettext_lazy("Households confirmed their payment"),
    "parcel.received": gettext_lazy("Member confirmed a parcel"),
    "voucher.called": gettext_lazy("Voucher redeemed"),
    "voucher.delivered_by_default": gettext_lazy("Sent to the workplace: the voucher was not redeemed"),
    "complaint.reported": gettext_lazy("Problem with a parcel reported"),
    "complaint.answered": gettext_lazy("Problem with a parcel answered"),
    "complaint.closed": gettext_lazy("Problem with a parcel settled"),
    # goods that did not arrive
    "parcels.cancelled": gettext_lazy("Parcels cancelled"),
    "parcels.refused": gettext_lazy("Parcels refused on arrival"),
    "parcels.returned": gettext_lazy("Parcels returned"),
    "loss.refunded": gettext_lazy("Refund received"),
    "loss.repaid": gettext_lazy("Repaid by the producer"),
    "outside.registered": gettext_lazy("Purchase from elsewhere registered"),
    "outside.paper": gettext_lazy("Paper for a purchase from elsewhere put on file"),
    "outside.reversed": gettext_lazy("Purchase from elsewhere reversed"),
    "year.make_good_due": gettext_lazy("Something to make good"),
    "year.made_good": gettext_lazy("Made good"),
    "year.closed": gettext_lazy("Gift year closed"),
    # money
    "ledger.posted": gettext_lazy("Money moved in the ledger"),
    "purse.opened": gettext_lazy("Purse opened"),
    "purse.funded": gettext_lazy("Money put into a purse"),
    "purse.released": gettext_lazy("Money set aside was released"),
    # where goods come from
    "contract.signed": gettext_lazy("Contract signed"),
    "application.paper": gettext_lazy("Paper for an application put on file"),
    "objection.raised": gettext_lazy("Objection to an accreditation"),
    "objection.upheld": gettext_lazy("Objection to an accreditation upheld"),
    "objection.dismissed": gettext_lazy("Objection to an accreditation dismissed"),
    "household.recorded": gettext_lazy("Household recorded"),
    "household.phone_changed": gettext_lazy("Household's number corrected"),
    "agreement.signed": gettext_lazy("Benefit agreement signed"),
    "agreement.paper": gettext_lazy("Paper for a benefit agreement put on file"),
    "agreement.asked": gettext_lazy("Household asked about its agreement"),
    "agreement.confirmed": gettext_lazy("Benefit agreement confirmed by the household"),
    "agreement.disowned": gettext_lazy("Household knows nothing of the agreement"),
    "collection.entered": gettext_lazy("Collection entered"),
    "collection.reversed": gettext_lazy("Collection reversed"),
    "collection.paid": gettext_lazy("Collection paid to the household"),
    "lot.made": gettext_lazy("Lot made"),
    "lot.certified": gettext_lazy("Pass certificate entered"),
    "lot.held": gettext_lazy("Lot held back"),
    "lot.released": gettext_lazy("Hold lifted"),
    "lot.recalled": gettext_lazy("Lot recalled"),
    # what is on offer
    "offer.listed": gettext_lazy("Put on offer"),
    "offer.unlisted": gettext_lazy("Taken off offer"),
    "offer.listed_again": gettext_lazy("Put on offer again"),
    "offer.priced": gettext_lazy("Price set"),
    "price.asked": gettext_lazy("Price outside the band asked for"),
    "price.agreed": gettext_lazy("Price outside the band agreed to"),
    "price.refused": gettext_lazy("Price outside the band refused"),
    "product.photos": gettext_lazy("Photos put on a product"),
    "offer.capacity": gettext_lazy("Quantity on offer changed"),
    "offer.stands": gettext_lazy("Offer confirmed as it stands"),
    "offers.book": gettext_lazy("Book of offers taken"),
    "product.determined": gettext_lazy("Class or marks determined"),
    "class.reference_price": gettext_lazy("Reference price published"),
    "class.bounds_proposed": gettext_lazy("Bounds of a class proposed"),
    "class.bounds_in_force": gettext_lazy("Bounds of a class set in force"),
    "class.bounds_discarded": gettext_lazy("Bounds of a class discarded"),
    "sweep.set_aside": gettext_lazy("Proposal of the sweep set aside"),
    # the rule, its exceptions and those who watch it
    "policy.drafted": gettext_lazy("Policy drafted"),
    "policy.approved": gettext_lazy("Policy approved"),
    "policy.discarded": gettext_lazy("Draft of a policy discarded"),
    "simulation.asked": gettext_lazy("Simulation of a policy asked for"),
    "figures.published": gettext_lazy("Figures of the rule published"),
    "certificate.shown": gettext_lazy("Certificate shown to producers"),
    "challenge.opened": gettext_lazy("Challenge opened"),
    "challenge.said": gettext_lazy("Said in a challenge"),
    "exception.asked": gettext_lazy("Exception asked for"),
    "exception.paper": gettext_lazy("Paper for an exception put on file"),
    "exception.agreed": gettext_lazy("Exception: one of two agreed"),
    "exception.granted": gettext_lazy("Exception granted"),
    "exception.refused": gettext_lazy("Exception refused"),
    "exception.revoked": gettext_lazy("Exception revoked"),
    "exception.escalated": gettext_lazy("Unanswered exception passed on"),
    "exception.overdue": gettext_lazy("Exception unanswered, and nobody above"),
    "exception.delegate": gettext_lazy("Delegate for exceptions named"),
    # audit
    "audit.opened": gettext_lazy("Audit case opened"),
    "audit.answered": gettext_lazy("Audit case answered"),
    "audit.asked_again": gettext_lazy("Audit case asked again"),
    "audit.closed": gettext_lazy("Audit case closed"),
    # who exists
    "organisation.registered": gettext_lazy("Registered"),
    "organisation.renamed": gettext_lazy("Name or number changed"),
    "organisation.suspended": gettext_lazy("Taken out of good standing"),
    "organisation.reinstated": gettext_lazy("Back in good standing"),
    "person.invited": gettext_lazy("Person invited"),
    "person.invitation_revoked": gettext_lazy("Invitation taken back"),
    "person.role_taken": gettext_lazy("Role taken"),
    "person.role_ended": gettext_lazy("Role ended"),
    "person.password_changed": gettext_lazy("Password changed"),
    "person.second_factor_set_up": gettext_lazy("Second key set up"),
    "person.device_given_up": gettext_lazy("Second key given up"),
    "person.recovery_code_used": gettext_lazy("Recovery code used"),
    # the machinery
    "steps.retried": gettext_lazy("Failed steps tried again"),
    "demo.loaded": gettext_lazy("Demonstration loaded"),
    "demo.history": gettext_lazy("Past of the demonstration loaded"),
}

# Kinds whose second half is a stored state.
STATES: dict[str, str | Promise] = {
    "accreditation": gettext_lazy("Accreditation: %(state)s"),
    "challenge": gettext_lazy("Challenge: %(state)s"),
}

SUBJECTS: dict[str, str | Promise] = {
    "order": gettext_lazy("Order %(number)s"),
    "exception": gettext_lazy("Exception %(number)s"),
    "programme": gettext_lazy("Plan %(number)s"),
    "product": gettext_lazy("Product %(number)s"),
    "stock": gettext_lazy("Offer %(number)s"),
    "offers": gettext_lazy("Book of offers %(number)s"),
    "household": gettext_lazy("Household %(number)s"),
    "collection": gettext_lazy("Collection %(number)s"),
    "lot": gettext_lazy("Lot %(number)s"),
    "contract": gettext_lazy("Contract %(number)s"),
    "certificate": gettext_lazy("Certificate %(number)s"),
    "challenge": gettext_lazy("Challenge %(number)s"),
    "purse": gettext_lazy("Purse %(number)s"),
    "case": gettext_lazy("Audit case %(number)s"),
    "policy": gettext_lazy("Policy %(number)s"),
    "class": gettext_lazy("Class %(number)s"),
    "year": gettext_lazy("Gift year %(number)s"),
    "figures": gettext_lazy("Figures of %(number)s"),
    "pack": gettext_lazy("Evidence pack %(number)s"),
    "organisation": gettext_lazy("Organisation %(number)s"),
    "person": gettext_lazy("Person %(number)s"),
    "union": gettext_lazy("Union %(number)s"),
    "outside": gettext_lazy("Purchase from outside %(number)s"),
    "simulation": gettext_lazy("Simulation %(number)s"),
}


def kind_in_words(kind: str) -> str:
    """What an entry of the kind says was done; the kind itself where nobody wrote words for it."""
    if kind in KINDS:
        return str(KINDS[kind])
    sort, _dot, code = kind.partition(".")
    return str(STATES[sort]) % {"state": state(code).words} if sort in STATES and code else kind


def kinds_said(text: str) -> list[str]:
    """The kinds whose words contain the text, whatever its case: what a reader searches for."""
    return [kind for kind, words in KINDS.items() if text.lower() in str(words).lower()]


def subject_in_words(subject: str) -> str:
    """What an entry is about; the subject itself where nobody wrote words for its sort."""
    sort, _colon, number = subject.partition(":")
    return str(SUBJECTS[sort]) % {"number": number} if sort in SUBJECTS and number else subject
