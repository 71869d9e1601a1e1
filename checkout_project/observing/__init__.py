"""What Prometheus, a log's reader, and whoever collects traces and errors learn of the service."""
