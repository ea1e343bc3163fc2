"""The one exception of the package: what is wrong, where, and the cure, for the user to read."""


class ErgodicError(Exception):
    """Bad input. The command line prints it as one line and exits with status 1."""
