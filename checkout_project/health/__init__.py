"""What supervisors ask: is it alive, can it work, what does it do."""
