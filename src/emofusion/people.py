"""When two names mean the same person. The import of this module is fast: planning uses it too."""

import re
import unicodedata


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
