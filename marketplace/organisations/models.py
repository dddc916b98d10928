"""Organisations of every kind, the union tree, people and their roles."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.personal import EncryptedTextField


class County(models.Model):
    """A county of the province, by its current GB/T 2260 code; `listed` are the formerly poor ones."""

    code = models.CharField(primary_key=True, max_length=6)
    name = models.CharField(max_length=40)
    name_en = models.CharField(max_length=80)
    city = models.CharField(max_length=40)
    listed = models.BooleanField(default=False)
    retired_code = models.CharField(max_length=6, blank=True)

    def __str__(self) -> str:
        return self.name_en if get_language() == "en" else self.name


class OrganisationKind(models.TextChoices):
    """What an organisation is; a union further has a level."""

    UNION = "union", _("Union")
    PROVINCE_ENTERPRISE = "province_enterprise", _("Province enterprise")
    PRODUCER = "producer", _("Producer")
    TRADER = "trader", _("Ordinary supplier")
    COUNTY_OFFICE = "county_office", _("County office")
    OPERATOR = "operator", _("Platform operator")


class UnionLevel(models.IntegerChoices):
    """The four levels of the union tree."""

    PROVINCE = 1, _("Province")
    CITY = 2, _("City or industry")
    COUNTY = 3, _("County")
    GRASSROOTS = 4, _("Grassroots")


class Organisation(models.Model):
    """A union, producer, enterprise, office. Public by nature; what it owns is scoped (scopes.py).

    `path` is the codes from the root down to itself, each followed by a slash, so that a subtree is one prefix.
    """

    kind = models.CharField(max_length=20, choices=OrganisationKind)
    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=120)
    name_en = models.CharField(max_length=160)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    path = models.CharField(max_length=255, unique=True)
    level = models.SmallIntegerField(choices=UnionLevel, null=True, blank=True)
    county = models.ForeignKey(County, on_delete=models.PROTECT, null=True, blank=True)
    region = models.CharField(max_length=6, default="61", help_text="GB/T 2260 code whose policies apply")
    credit_code = models.CharField(max_length=18, blank=True)
    good_standing = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="union", level__isnull=False) | (~Q(kind="union") & Q(level__isnull=True)),
                name="only_a_union_has_a_level",
            ),
            models.UniqueConstraint(
                fields=["credit_code"], condition=~Q(credit_code=""), name="one_organisation_per_credit_code"
            ),
        ]
        indexes = [models.Index(fields=["path"], name="organisation_subtree", opclasses=["varchar_pattern_ops"])]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """The name in the reader's language."""
        return self.name_en if get_language() == "en" and self.name_en else self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the path in step with code and parent."""
        self.path = f"{self.parent.path if self.parent else ''}{self.code}/"
        super().save(*args, **kwargs)


class User(AbstractUser):
    """A person who can sign in; `phone_index` is the blind index of the number, by which producers and members do."""

    display_name = models.CharField(max_length=80, blank=True)
    phone = EncryptedTextField()
    phone_index = models.CharField(max_length=32, blank=True)
    session_epoch = models.PositiveIntegerField(default=0, help_text="raised to end all sessions of the person")

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["phone_index"], condition=~Q(phone_index=""), name="a_phone_signs_in_one_person"
            )
        ]

    def __str__(self) -> str:
        return self.display_name or self.username

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must know to go on: it changes with the password, and with the epoch."""
        salt = "marketplace.organisations.User.session"
        return salted_hmac(
            salt, f"{self.session_epoch}\0{self.password}", secret=secret, algorithm="sha256"
        ).hexdigest()


class Role(models.TextChoices):
    """What a person does in an organisation."""

    BUYER = "buyer", _("Union buyer")
    APPROVER = "approver", _("Union approver")
    UNION_OFFICER = "union_officer", _("Upper-union officer")
    AUDITOR = "auditor", _("Auditor")
    PRODUCER = "producer", _("Producer")
    PROVINCE = "province", _("Province enterprise")
    TOWN_OFFICER = "town_officer", _("Town officer")
    SECTOR_OFFICER = "sector_officer", _("Sector officer")
    COUNTY_OFFICER = "county_officer", _("County officer")
    OPERATOR = "operator", _("Operator")
    MEMBER = "member", _("Member")


class Membership(models.Model):
    """A role that a person holds in an organisation."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)
    person = models.CharField(
        max_length=32, blank=True, db_default="", help_text="of a member: the blind index under which rosters know them"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "organisation", "role"], name="a_role_is_held_once")]
        ordering = [F("id").asc()]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()} · {self.organisation}"


class Reveal(models.Model):
    """Personal data shown in plain text to somebody: who, for what, how many. A batch of labels is one reveal."""

    user = models.ForeignKey(User, on_delete=models.PROTECT)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    purpose = models.CharField(max_length=40)
    subject = models.CharField(max_length=80)
    count = models.PositiveIntegerField()
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.purpose} {self.subject} × {self.count}"
