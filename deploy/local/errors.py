"""CommandError: a failure explained to the person at the keyboard, without a traceback."""


class CommandError(Exception):
    """The message says what is wrong and, where possible, what to do."""
