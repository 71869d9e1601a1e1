"""Which networks and assets there are: data, its reading and its checks."""
