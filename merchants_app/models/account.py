"""Who: the users, the merchants, and who works for whom."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import available_timezones

from allauth.account.models import EmailAddress
from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from common.api.exact_json import ExactDecoder, ExactEncoder
from common.email_addresses import folded
from common.fiat.currencies import Currency
from common.public_ids import new_merchant_id
from merchants_app.models.buyer_letter import BuyerLetter
from merchants_app.models.limits import OwnLimits
from merchants_app.models.pay_page import PayPageWords
from merchants_app.models.ways import PayingRules

# Days that a buyer's data stays at least, once nobody watches for money of theirs any more.
LEAST_KEPT_AFTER_WATCH = 30
# Days that anybody can mean: those before and after them exist, in every time zone.
FIRST_DAY, LAST_DAY = date(1970, 1, 2), date(2999, 12, 31)
LAST_MOMENT = datetime.combine(LAST_DAY, time.max, tzinfo=UTC)


def check_time_zone(name: str) -> None:
    """Raises ValidationError for a zone that no day can be reckoned in."""
    if name not in available_timezones():
        raise ValidationError(f"There is no time zone {name[:64]!r}. Choose one like Europe/Berlin or UTC.")


class UserManager(BaseUserManager["User"]):
    """Makes users, who are known by their e-mail address alone."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> "User":
        """A user who may sign in; belongs to no merchant yet. Whoever calls this vouches for the address.

        Raises IntegrityError when an account bears it already.
        """
        user = self.model(email=folded(email), **extra)
        user.set_password(password)
        with transaction.atomic():
            user.save()
            user.vouch_for_address()
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> "User":
        """An operator: sees Django admin."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)


class User(AbstractUser):
    """A person who signs in, by e-mail address."""

    username = None  # type: ignore[assignment]
    email = models.EmailField("e-mail address", unique=True)
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.email

    def vouch_for_address(self) -> None:
        """The present address counts without a letter, and no former one does: for what operators do and have proven.

        Another account that had it besides its own has it no more.
        """
        own, present = Q(user=self), Q(email=self.email)
        EmailAddress.objects.filter((own & ~present) | (present & ~own & Q(primary=False))).delete()
        EmailAddress.objects.bulk_create(
            [EmailAddress(user=self, email=self.email, verified=True, primary=True)],
            update_conflicts=True,
            unique_fields=["user", "email"],
            update_fields=["verified", "primary"],
        )


class WhenToWrite(models.TextChoices):
    """When members are written to about something that waits for them."""

    AT_ONCE = "at_once", "At once"
    DAILY = "daily", "Once a day"
    NEVER = "never", "Never"


# What they said who want letters.
WRITTEN_TO = (WhenToWrite.AT_ONCE, WhenToWrite.DAILY)


class Merchant(PayPageWords, PayingRules, OwnLimits):
    """A business: owns keys, endpoints, treasuries, sessions. Its money rules stand here; a session copies them."""

    public_id = models.CharField(max_length=40, unique=True, default=new_merchant_id, editable=False)
    name = models.CharField(max_length=120)
    support_email = models.EmailField(blank=True, help_text="Shown to buyers who have a question.")
    brand_color = models.CharField(max_length=7, default="#3d5afe", help_text="One accent colour, as #rrggbb.")
    session_minutes = models.PositiveIntegerField(
        default=60,
        validators=[MinValueValidator(5), MaxValueValidator(7 * 24 * 60)],
        help_text="How long a checkout session runs when the shop names no end, in minutes.",
    )
    watch_days = models.PositiveIntegerField(
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text="How long addresses are watched after the end, at most a year.",
    )
    tolerance_percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        default=Decimal(1),
        validators=[MinValueValidator(0), MaxValueValidator(10)],
        help_text="A payment short by at most this share counts as paid …",
    )
    tolerance_amount = models.DecimalField(
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="… and by at most this amount, in whichever currency; empty: about a dollar's worth of each.",
    )
    tolerance_amounts = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        encoder=ExactEncoder,
        decoder=ExactDecoder,
        help_text="The same for single currencies, by code; these come first.",
    )
    spread_percent = models.DecimalField(
        max_digits=4,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(0), MaxValueValidator(20)],
        help_text="Added to the market price of an asset when a quote is made.",
    )
    keep_buyers_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(100 * 365)],
        help_text="Buyers are erased so long after their last session ended; empty: never.",
    )
    reuse_after_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(10 * 365)],
        help_text="A collected deposit serves another session so long after its watch is over; empty: never.",
    )
    demands_second_factor = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Members without a second factor are led to set one up before they see anything.",
    )
    reporting_currency = models.CharField(
        max_length=3,
        default=Currency.USD,
        db_default=Currency.USD,
        help_text="What totals over several currencies are told in.",
    )
    time_zone = models.CharField(
        max_length=64,
        default="UTC",
        db_default="UTC",
        validators=[check_time_zone],
        help_text="When its days and months begin and end: a name of the IANA's list, like Europe/Berlin.",
    )
    months_closed_to = models.DateField(
        null=True,
        editable=False,
        help_text="The first day whose month was open when the time zone was changed last: none before it opens again.",
    )
    embed_origins = ArrayField(
        models.CharField(max_length=255),
        default=list,
        db_default=[],
        blank=True,
        help_text="Whose pages may show payment pages in a frame: https://shop.example.",
    )
    allow_pay_again = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whether a buyer may pay an order again that ended unpaid, where the shop says nothing of it.",
    )
    walletconnect_project_id = models.CharField(
        max_length=32,
        blank=True,
        default="",
        db_default="",
        validators=[RegexValidator(r"\A[0-9a-f]{32}\Z", "Give the project's id: 32 of 0-9 and a-f.")],
        help_text="Lets buyers' wallets be reached over WalletConnect's relay; empty: nobody is asked for anything.",
    )
    decision_letters = models.CharField(
        max_length=8,
        choices=WhenToWrite.choices,
        default=WhenToWrite.AT_ONCE,
        db_default=WhenToWrite.AT_ONCE,
        help_text="When owners are told of payments that wait for a decision.",
    )
    collect_letters = models.CharField(
        max_length=8,
        choices=WhenToWrite.choices,
        default=WhenToWrite.NEVER,
        db_default=WhenToWrite.NEVER,
        help_text="When those who may collect are told that it is worth it, in live mode.",
    )
    worth_it_percent = models.DecimalField(
        max_digits=4,
        decimal_places=2,
        default=Decimal(1),
        db_default=Decimal(1),
        validators=[MinValueValidator(Decimal("0.1")), MaxValueValidator(20)],
        help_text="Collecting is worth it while the network's fee is at most this share of what waits.",
    )
    buyer_letters_off = ArrayField(
        models.CharField(max_length=20, choices=BuyerLetter.choices),
        default=list,
        db_default=[],
        blank=True,
        help_text="The letters that its buyers do not get.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    suspended_at = models.DateTimeField(
        null=True, editable=False, help_text="Since then it sells nothing new; money is still watched."
    )
    suspended_by = models.CharField(max_length=200, blank=True, editable=False)
    suspension_reason = models.CharField(max_length=500, blank=True, editable=False)

    class Meta:
        permissions = [
            ("suspend_merchant", "Can suspend a business, and lift that"),
            ("sign_in_as", "Can look at a business as one of its members"),
        ]
        indexes = [
            # Reader: the job that writes when something is worth collecting.
            models.Index(fields=["id"], name="merchants_to_tell_of_worth", condition=Q(collect_letters__in=WRITTEN_TO)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(suspended_at=None, suspended_by="", suspension_reason="")
                | (models.Q(suspended_at__isnull=False) & ~models.Q(suspended_by="") & ~models.Q(suspension_reason="")),
                name="a_suspension_has_a_reason_and_an_author",
            ),
            models.CheckConstraint(
                # Money may arrive until the watch ends, and somebody has to be asked where it shall go back to.
                condition=Q(keep_buyers_days=None) | Q(keep_buyers_days__gte=F("watch_days") + LEAST_KEPT_AFTER_WATCH),
                name="buyers_are_kept_beyond_the_watch",
            ),
            models.CheckConstraint(
                condition=Q(reuse_after_days=None) | Q(reuse_after_days__gt=F("watch_days")),
                name="deposits_rest_longer_than_they_are_watched",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a member may do, from all to only looking."""

    OWNER = "owner", "Owner"
    DEVELOPER = "developer", "Developer"
    SUPPORT = "support", "Support"
    VIEWER = "viewer", "Viewer"


class Member(models.Model):
    """A user with a role in a merchant's business."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.VIEWER)
    decision_letters = models.CharField(
        max_length=8,
        choices=WhenToWrite.choices,
        blank=True,
        db_default="",
        help_text="When they are written to about payments that wait for a decision; empty: as their business says.",
    )
    decisions_told_until = models.DateTimeField(
        db_default=Now(), editable=False, help_text="They were told of what has waited since then or longer."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "user"], name="one_membership_per_business")]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"
