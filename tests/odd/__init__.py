"""The quick tests in odd places and at odd times: they must give the same results."""
