"""What sentences to users share: input is quoted short, and the reason of a failed call is plain."""

from __future__ import annotations

MOST = 80  # characters of their own input that users read back


def short(text: object, most: int = MOST) -> str:
    """The text, cut in its middle where it is longer than `most` characters.

    Bytes of file names that are no text are written out: no page could show them.
    """
    text = str(text).encode("utf-8", "backslashreplace").decode()
    if len(text) <= most:
        return text
    half = (most - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def quote(value: object, most: int = MOST) -> str:
    """`repr` of the value, cut in its middle. Of a number too long for `repr`, that it is long."""
    if isinstance(value, str) and len(value) > most:
        return repr(short(value, most))
    try:
        return short(repr(value), most)
    except ValueError:  # CPython refuses to print integers of more than 4,300 digits
        return "a number of thousands of digits"


def reason(error: OSError) -> str:
    """Why a call of the system failed, as "No space left on device"."""
    return error.strerror or short(error)
