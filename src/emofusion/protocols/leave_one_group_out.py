"""One speaker, session or other group of clips is left out of the training, and tested. Each is tested once."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emofusion.protocols.common.within import OfCorpora
from emofusion.settings.fields import setting

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class LeaveOneGroupOut(OfCorpora):
    """One fold for each speaker, session or other group. The clips of the other groups train."""

    kind: str = "leave_one_group_out"
    group: str = setting(
        "The column of the clip table that names the groups: actor, corpus, or a column that the corpus has, such as "
        "session.",
        "actor",
        filled=True,
    )

    def masks(self, clips: "pd.DataFrame") -> "list[tuple[pd.Series, pd.Series, pd.Series]]":
        """One fold for each group. A share of the other groups' actors is used for validation."""
        from emofusion.protocols.common.columns import divided
        from emofusion.protocols.common.split import with_validation

        groups = divided(clips, self.group, "protocol.group", "groups, of which one is left out")
        tests = [groups == group for group in range(groups.max() + 1)]
        return [with_validation(clips, ~test, test, self, fold) for fold, test in enumerate(tests)]
