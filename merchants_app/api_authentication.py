"""Who is calling the API: the key in `Authorization: Bearer …` or `ww-api-key`."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission


class ApiKeyAuthentication(BaseAuthentication):
    """By API key."""


class HasScope(BasePermission):
    """The key's scopes allow the method."""
