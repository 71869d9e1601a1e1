"""What sessions and links are made on, as it is sent: one class says and checks it, whichever door it came by."""
