"""Tables of the people who work."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.crypto import salted_hmac

from recaudo.kernel.permissions import granted
from recaudo.store.keys import uuid7
from recaudo.store.models import TenantRow


class Tenant(models.Model):
    """The organisation that runs the collection: a creditor, an agency or a BPO. Its id is everybody's `tenant_id`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=40, unique=True)
    country = models.CharField(max_length=2)
    zone = models.CharField(max_length=40)
    currency = models.CharField(max_length=4)
    settings = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Personal:
        plain: ClassVar = {"name": "name of an organisation"}


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A member of the staff, signing in by e-mail. Belongs to one tenant, perhaps to one agency working for it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id = models.UUIDField(editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    roles = ArrayField(models.CharField(max_length=40), default=list)
    agency = models.ForeignKey("Agency", null=True, on_delete=models.PROTECT)
    theme = models.CharField(max_length=8, default="auto")
    is_active = models.BooleanField(default=True)
    # Raised to close every session at once: it is part of what a session is checked against.
    session_round = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    # Django's admin and some packages ask; nobody here is above the roles.
    is_staff = False
    is_superuser = False

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[UserManager] = UserManager()

    class Personal:
        plain: ClassVar = {"email": "sign-in name of a staff member", "name": "name of a staff member"}

    class Meta:
        indexes = [models.Index(fields=["tenant_id", "name"], name="user_tenant_name")]

    def __str__(self) -> str:
        return self.name

    def get_session_auth_hash(self) -> str:
        """What a session must match, checked at every request: changes with the password and with `session_round`."""
        content = f"{self.password}|{self.session_round}"
        return salted_hmac("recaudo.workforce.session", content, algorithm="sha256").hexdigest()

    @property
    def permissions(self) -> frozenset[str]:
        """What the user's roles allow."""
        return granted(self.roles) if self.is_active else frozenset()

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """For Django's own checks and templates."""
        return self.may(perm)


class Agency(TenantRow):
    """An outside collection firm. It sees what is placed with it now, and what its people did themselves."""

    name = models.CharField(max_length=120)
    code = models.CharField(max_length=20)
    registry_id = models.CharField(max_length=60, blank=True)
    country = models.CharField(max_length=2)
    address_phone = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)

    class Personal:
        plain: ClassVar = {"name": "name of a firm", "address_phone": "public address of a firm"}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "code"], name="agency_code")]

    def __str__(self) -> str:
        return self.name


class Team(TenantRow):
    """People under a supervisor who share work."""

    name = models.CharField(max_length=80)
    channel = models.CharField(max_length=20, default="call")
    supervisor = models.ForeignKey("User", null=True, on_delete=models.PROTECT, related_name="supervised")
    agency = models.ForeignKey(Agency, null=True, on_delete=models.PROTECT)
    members = models.ManyToManyField("User", through="TeamMember", related_name="teams")

    class Personal:
        plain: ClassVar = {"name": "name of a team"}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "name"], name="team_name")]

    def __str__(self) -> str:
        return self.name


class TeamMember(TenantRow):
    team = models.ForeignKey(Team, on_delete=models.CASCADE)
    user = models.ForeignKey("User", on_delete=models.CASCADE)

    class Personal:
        plain: ClassVar = {}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "team", "user"], name="team_member_once")]


class Capacity(TenantRow):
    """How many units of work a channel can do on a weekday. `valid_from` dates it; the newest in force counts.

    unit: calls, messages or visits of the whole organisation (agency null) or of one agency.
    """

    channel = models.CharField(max_length=20)
    weekday = models.PositiveSmallIntegerField()  # 0 Monday .. 6 Sunday
    units = models.PositiveIntegerField()
    valid_from = models.DateField()
    agency = models.ForeignKey(Agency, null=True, on_delete=models.CASCADE)

    class Personal:
        plain: ClassVar = {}

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "channel", "weekday", "valid_from", "agency"], name="capacity_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=models.Q(weekday__lte=6), name="capacity_weekday"),
        ]


class Invitation(TenantRow):
    """A way in for a new member of the staff. Only the hash of its token is kept; it works once and expires."""

    email = models.EmailField()
    name = models.CharField(max_length=120)
    roles = ArrayField(models.CharField(max_length=40), default=list)
    agency = models.ForeignKey(Agency, null=True, on_delete=models.PROTECT)
    token_hash = models.BinaryField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    invited_by = models.ForeignKey("User", null=True, on_delete=models.SET_NULL)

    class Personal:
        plain: ClassVar = {"email": "address of an invited staff member", "name": "name of an invited staff member"}


class ApiToken(TenantRow):
    """How a program signs in as one member of the staff. Only the hash is kept; it expires and can be revoked at once."""

    user = models.ForeignKey("User", on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60)
    token_hash = models.BinaryField(unique=True)
    issued_by_id = models.UUIDField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Personal:
        plain: ClassVar = {"name": "what the program is called"}


class ApiAnswer(TenantRow):
    """What a program was answered under one idempotency key, kept so that asking again does nothing and hears the same.

    request_hash   SHA-256 of the operation and its body: another request under the key is refused
    """

    user = models.ForeignKey("User", on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=80)
    request_hash = models.BinaryField()
    body = models.JSONField()

    class Personal:
        plain: ClassVar = {
            "body": "ids, amounts and days of what the program itself reported",
            "key": "the program's own key",
        }

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "user", "key"], name="api_answer_once")]
        indexes = [models.Index(fields=["tenant_id", "created_at"], name="api_answer_age")]
