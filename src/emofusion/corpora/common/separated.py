"""Tables of text: what separates their columns."""

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}


def separator_of(header: str) -> str:
    """What separates the names in a table's first line: a comma, a semicolon or a tab, whichever is there most often.

    A comma where there is none of them, because a table may have one column.
    """
    return max(SEPARATORS, key=header.count)
