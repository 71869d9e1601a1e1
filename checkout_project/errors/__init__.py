"""What is answered where nothing else can be: pages of errors, and the database away."""
