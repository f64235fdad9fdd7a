"""The settings of features that look for a face in pictures: which face counts, and how small it may be."""

from dataclasses import dataclass, fields

from emofusion.settings.fields import must, setting, shown
from emofusion.settings.kinds import Features


@dataclass
class FeaturesOfFaces(Features):
    """Features that can look for a face with dlib; see `emofusion.faces`."""

    face: str = setting(
        "Which face counts where a picture has several: the largest, or the one nearest to the middle (central).",
        "largest",
        choices=["largest", "central"],
        later=True,
    )
    smallest_face: float = setting(
        "Side of the smallest face that must be found, from the brows to the chin, as a share of the picture's longer "
        "side. Half of it costs four times the time.",
        0.15,
        least=0.02,
        most=1,
        later=True,
    )

    def check_only_with(self, asked: str, names: tuple[str, ...], name: str) -> None:
        """Raise `EmofusionError` where settings have another value than their default, although nothing reads them.

        Args:
            asked: the setting that would make them count, and its value, such as `crop=face`.
            names: of the settings.
            name: the node's full name.
        """
        defaults = {field.name: field.default for field in fields(self)}
        for unused in names:
            value = getattr(self, unused)
            must(
                value == defaults[unused],
                f"{name}.{unused}={shown(value)} counts only with {name}.{asked}: set that too, or leave it out",
            )
