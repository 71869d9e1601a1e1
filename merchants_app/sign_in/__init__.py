"""How people sign in: accounts, passwords, second factors, devices."""
