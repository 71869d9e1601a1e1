"""What the admin pages of all apps share: which operator is at work."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from merchants_app.models import User


def operator_of(request: HttpRequest) -> User:
    """The operator who sent it; Django admin lets in nobody else."""
    if not isinstance(request.user, User):
        raise PermissionDenied("Sign in first.")
    return request.user
