"""Mails to customers: a thread sends what the outbox holds, and administrators see what became of it."""
