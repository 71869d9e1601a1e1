"""Filters of the admin's lists by what is listed in `networks.toml`."""

from chains_app.networks.networks import all_networks
from common.admin.large import by_known

NetworkFilter = by_known("network", lambda: [(each.id, each.name) for each in all_networks().values()])
AssetFilter = by_known(
    "asset", lambda: [(each, each) for each in sorted({name for net in all_networks().values() for name in net.assets})]
)
