"""Folds of clips. The same people are in training and test, so accuracies are too high; this shows by how much."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from emofusion.protocols.common.within import WithinCorpora

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class RandomClips(WithinCorpora):
    """Folds of clips that are drawn at random. A speaker can be in both training and test."""

    leaks_speakers: ClassVar[bool] = True

    kind: str = "random_clips"

    def masks(self, clips: "pd.DataFrame") -> "list[tuple[pd.Series, pd.Series, pd.Series]]":
        """One fold for each set of test clips, drawn by emotion. A share of the other clips is used for validation."""
        import pandas as pd
        from sklearn.model_selection import StratifiedKFold, train_test_split

        from emofusion.protocols.common.split import check_number_of_folds

        rarest = int(clips["emotion"].value_counts().min())
        check_number_of_folds(self.number_of_folds, rarest, "clips of the rarest emotion")
        folds = StratifiedKFold(self.number_of_folds, shuffle=True, random_state=self.seed)
        masks = []
        for fold, (others, test) in enumerate(folds.split(clips, clips["emotion"])):
            train, validation = others, []
            if self.validation:
                train, validation = train_test_split(
                    others,
                    test_size=self.validation,
                    stratify=clips["emotion"].iloc[others],
                    random_state=self.seed + fold,
                )
            train, validation, test = (
                pd.Series(clips.index.isin(part), clips.index) for part in (train, validation, test)
            )
            masks.append((train, validation, test))
        return masks
