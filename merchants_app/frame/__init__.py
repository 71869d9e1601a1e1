"""What doors of all apps are made of: who calls, what they may, menus, pages, limits."""
