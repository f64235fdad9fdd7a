"""The phonemes that the demo's voices know, and the sentences that they say.

Phonemes are named in ARPAbet. The vowels' formants are those that Peterson and Barney (1952) give for men.
"""

import numpy as np

# phoneme: voicing, noise, relative length, formants (Hz), centre of the noise (Hz)
_VOWEL, _SOFT, _STOP = (1.0, 0.0, 1.6), (0.45, 0.0, 0.9), (0.12, 0.5, 0.7)
PHONEMES = {
    "IY": (*_VOWEL, (270, 2290, 3010), 0),
    "IH": (*_VOWEL, (390, 1990, 2550), 0),
    "EH": (*_VOWEL, (530, 1840, 2480), 0),
    "AE": (*_VOWEL, (660, 1720, 2410), 0),
    "AA": (*_VOWEL, (730, 1090, 2440), 0),
    "AO": (*_VOWEL, (570, 840, 2410), 0),
    "UW": (*_VOWEL, (300, 870, 2240), 0),
    "AH": (*_VOWEL, (640, 1190, 2390), 0),
    "N": (*_SOFT, (280, 1500, 2500), 0),
    "M": (*_SOFT, (260, 1100, 2200), 0),
    "L": (*_SOFT, (360, 1050, 2700), 0),
    "R": (*_SOFT, (400, 1250, 1650), 0),
    "B": (*_STOP, (250, 900, 2200), 900),
    "D": (*_STOP, (250, 1700, 2600), 3500),
    "G": (*_STOP, (250, 1900, 2400), 2000),
    "DH": (0.4, 0.15, 0.7, (270, 1400, 2500), 4500),
    "Z": (0.3, 0.5, 1.0, (270, 1700, 2600), 5500),
    "T": (0.0, 0.8, 0.8, (350, 1700, 2600), 4000),
    "K": (0.0, 0.7, 0.8, (350, 1800, 2300), 2000),
    "S": (0.0, 0.7, 1.1, (350, 1700, 2600), 5800),
    "F": (0.0, 0.3, 1.0, (350, 1100, 2300), 4800),
}
RAVDESS_STATEMENTS = {
    # kids are talking, dogs are sitting by the door
    1: ("K", "IH", "D", "Z", "AA", "R", "T", "AO", "K", "IH", "N", "B", "AA", "IH", "DH", "AH", "D", "AO", "R"),
    2: ("D", "AO", "G", "Z", "AA", "R", "S", "IH", "T", "IH", "N", "B", "AA", "IH", "DH", "AH", "D", "AO", "R"),
}


def sentence(number: int, syllables: int = 9) -> list[str]:
    """The phonemes of the invented sentence `number`, the same for everyone: consonants and vowels in turn."""
    rng = np.random.default_rng([7, number])
    vowels = [name for name, phoneme in PHONEMES.items() if phoneme[0] == 1]
    consonants = [name for name in PHONEMES if name not in vowels]
    return [str(rng.choice(group)) for _ in range(syllables) for group in (consonants, vowels)]
