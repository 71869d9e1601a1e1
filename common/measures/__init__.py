"""Numbers of this process, for Prometheus."""
