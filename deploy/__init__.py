"""How the system is run: on one machine, in containers, in production. Nothing imports this."""
