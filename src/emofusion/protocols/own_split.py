"""The corpus's own division: columns `split` (train, dev, test) or `fold` of its clip table."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from emofusion.errors import EmofusionError
from emofusion.protocols.common.within import OfCorpora
from emofusion.settings.fields import setting, shown

if TYPE_CHECKING:
    import pandas as pd

PARTS = ("train", "validation", "test")
WORDS = {"train": "train", "training": "train", "test": "test", "testing": "test"} | dict.fromkeys(
    ("validation", "valid", "val", "development", "devel", "dev"), "validation"
)


@dataclass
class OwnSplit(OfCorpora):
    """The corpus says itself which clips train and test.

    With `by: split` there is one fold. Validation clips are the corpus's own, or, where it has none, a share of the
    training actors. With `by: fold` each fold is tested once.
    """

    to_mix: ClassVar[str] = "protocol.speakers=shared"

    kind: str = "own_split"
    by: str = setting(
        "The column of the clip table that divides the clips: split (train, dev, test) or fold (each is tested once).",
        "split",
        choices=["split", "fold"],
    )
    words: dict[str, str] = setting(
        "The corpus's words in the column split, as in {devel: validation, eval: test}; usual ones need none.",
        {},
        choices=PARTS,
    )
    speakers: str = setting(
        "Whether a speaker may be on both sides. apart: the workflow stops there. shared: it goes on, and reports say "
        "that their accuracies do not hold for new people.",
        "apart",
        choices=["apart", "shared"],
    )

    def mixes_speakers(self) -> bool:
        """Whether the settings allow speakers on both sides."""
        return self.speakers == "shared"

    def masks(self, clips: "pd.DataFrame") -> "list[tuple[pd.Series, pd.Series, pd.Series]]":
        """One fold by the column `split`, or a fold for each value of the column `fold`."""
        from emofusion.corpora.common.reading import first_few
        from emofusion.protocols.common.columns import column_of, divided
        from emofusion.protocols.common.split import with_validation

        if self.by == "fold":
            folds = divided(clips, "fold", "protocol.by", "folds, each of which is tested once")
            tests = [folds == fold for fold in range(folds.max() + 1)]
            return [with_validation(clips, ~test, test, self, fold) for fold, test in enumerate(tests)]
        written = column_of(clips, "split", "protocol.by").str.strip()
        words = WORDS | {word.casefold(): part for word, part in self.words.items()}
        parts = written.str.casefold().map(words)
        if parts.isna().any():
            unknown = first_few(sorted(set(written[parts.isna()])))
            raise EmofusionError(
                f"protocol.words={shown(self.words)}: the column split has words that are not known: {unknown}. Say "
                "what each is, as in protocol.words={eval: test}; the parts are train, validation and test."
            )
        train, validation, test = (parts == part for part in PARTS)
        if validation.any():
            return [(train, validation, test)]
        return [with_validation(clips, train, test, self, fold=0)]
