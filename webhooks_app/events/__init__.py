"""Events: written with the change that they are about, shown, and forgotten."""
