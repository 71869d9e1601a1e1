"""What the API's bodies are made of: exact JSON, typed classes, faults in words."""
