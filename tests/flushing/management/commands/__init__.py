"""How the tests empty their database."""
