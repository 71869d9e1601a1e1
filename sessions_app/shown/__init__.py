"""What the buyer's pages show: view models of a session at an instant, and how they are written."""
