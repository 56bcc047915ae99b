"""The root of errors that are no fault of the program: the message says what was wrong and what to do."""


class UserError(Exception):
    """Something that was asked for cannot be done; the command line shows it as one message, without a traceback."""
