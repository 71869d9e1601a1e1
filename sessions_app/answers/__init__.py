"""What the API answers, and webhooks carry: one class says and describes it."""
