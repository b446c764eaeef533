"""Trouble: what went wrong in words for the person at the keyboard, who gets no traceback."""


class Trouble(Exception):
    """The message says what is wrong and, where it can, what to do."""
