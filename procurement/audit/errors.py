"""What the verbs of audit cases refuse."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError


class CaseMoved(HouseError):
    """The case stands elsewhere than this verb needs."""

    code = "case_moved"
    sentence = _(
        "The case about %(subject)s is “%(state)s” by now, so this can no longer be done. "
        "Open it again to see what was said meanwhile."
    )


class NothingSaid(HouseError):
    """A question, answer or conclusion without words."""

    code = "nothing_said"
    sentence = _("Write what you want to say: what stands here is read by the auditors and the union years later.")


class SubjectTooLong(HouseError):
    """The subject does not fit its column."""

    code = "subject_too_long"
    sentence = _(
        "The subject has %(length)s characters; at most 80 fit. "
        "Name the order or the statement only, and put the rest into the question."
    )
