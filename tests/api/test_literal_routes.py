"""Routes without a parameter are remembered, the others resolved each time: with Django's own answer in both cases."""

import pytest
from django.urls import Resolver404, URLResolver
from django.urls.resolvers import RoutePattern

from checkout_project.literal_routes import LiteralRoutes
from checkout_project.urls import api


@pytest.mark.parametrize("path", ["api/v1/checkout", "api/v1/checkout/sessions/cs_1", "api/v1/customers"])
def test_a_path_leads_where_django_leads_it_every_time(path: str) -> None:
    ours, djangos = (kind(RoutePattern("api/v1/"), api) for kind in (LiteralRoutes, URLResolver))
    wanted = djangos.resolve(path)
    for found in (ours.resolve(path), ours.resolve(path)):
        assert (found.func, found.args, found.kwargs) == (wanted.func, wanted.args, wanted.kwargs)
        assert (found.route, found.url_name) == (wanted.route, wanted.url_name)


def test_only_what_leads_somewhere_without_a_parameter_is_remembered() -> None:
    routes = LiteralRoutes(RoutePattern("api/v1/"), api)
    for path in ("api/v1/checkout", "api/v1/checkout/sessions/cs_1", "api/v1/checkout/sessions/cs_2"):
        routes.resolve(path)
    for _ in range(2):
        with pytest.raises(Resolver404):
            routes.resolve("api/v1/nothing")
    assert list(routes._known) == ["api/v1/checkout"]
