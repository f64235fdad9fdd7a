"""When two names mean the same person, and in which order names stand. Planning imports this module: it is fast."""

import re
import unicodedata
from collections.abc import Iterable


def normal(name: object) -> str:
    """The form of a name that all its spellings share: `1`, `01` and `1.0` have the form `1`, `P_07` and `p 7` `p 7`.

    Letters have no case and are compatible in Unicode (NFKC). Leading zeros of numbers do not count. Blanks,
    underscores and hyphens separate in the same way. A number with the decimals 0, as a table with missing values has
    it, is the whole number.
    """
    text = unicodedata.normalize("NFKC", str(name)).casefold()
    text = re.sub(r"[\s_-]+", " ", text).strip()
    text = re.sub(r"^(\d+)\.0*$", r"\1", text)
    return re.sub(r"\d+", lambda digits: digits[0].lstrip("0") or "0", text)


def in_natural_order(names: Iterable[str]) -> list[str]:
    """Names in alphabetical order, where numbers in them count as numbers: 2 stands before 10."""

    def parts(text: str) -> list[tuple[int, int, str]]:
        pieces = re.split(r"(\d{1,300})", text)  # Python does not read numbers of thousands of digits
        return [(0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in pieces if piece]

    return sorted(map(str, names), key=lambda text: (parts(text), text))
