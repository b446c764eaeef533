"""How the bundled network was trained, and how networks are made smaller; no service imports this."""
