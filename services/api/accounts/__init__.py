"""Accounts of customers: registration, sessions, addresses, and what the law asks for."""
