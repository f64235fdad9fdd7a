"""Words of settings that nothing matches, and what was probably meant."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from emofusion.errors import EmofusionError

ALMOST = 0.75  # how similar words are that are probably the same, see `difflib.get_close_matches`


def close_word(word: str, known: Iterable[str]) -> str | None:
    """The known word that is almost the same, or the same but for upper and lower case; None where there is none."""
    folded = {one.casefold(): one for one in known}
    close = get_close_matches(word.casefold(), folded, 1, ALMOST)
    return folded[close[0]] if close else None


def unmatched(setting: str, translated: Mapping[str, str], known: Iterable[str], what: str) -> list[str]:
    """The words that a setting translates and that do not exist, after a check for slips of the pen.

    Args:
        setting: the name of the setting.
        translated: word → what it becomes.
        known: the words that exist.
        what: what they are, such as `label of the corpus savee`.

    Raises:
        EmofusionError: a word does not exist, and almost the same one does, which the setting neither translates nor
            gives: with {Angry: sad}, clips that are labelled angry would not become sad. {surprise: surprised} is no
            slip.
    """
    known = list(known)
    lacking = [word for word in translated if word not in known]
    for word in lacking:
        close = close_word(word, [one for one in known if one not in translated])
        if close and close != translated[word]:
            raise EmofusionError(f"{setting}: {word} is no {what}, but {close} is; write {close}, or remove {word}")
    return lacking
