"""The settings of a demo corpus."""

from dataclasses import dataclass

from omegaconf import MISSING

from emofusion.settings.fields import must, setting

ANGLES = {"full_left": "FL", "half_left": "HL", "straight": "S", "half_right": "HR", "full_right": "FR"}
MOST_PEOPLE = {"kdef": 70, "savee": 4, "ravdess": 24}


@dataclass
class DemoSettings:
    """The settings of a demo corpus. A layout ignores settings that do not concern it."""

    layout: str = setting(
        "The corpus whose layout and names the generated one has.", MISSING, choices=tuple(MOST_PEOPLE)
    )
    seed: int = setting("Seed for the people and their performances.", 0, least=0, most=2**31 - 1)
    people: int = setting(
        "Number of people, women and men in turn; in savee men only. At most 70 in kdef, 4 in savee, 24 in ravdess.",
        4,
        least=1,
        most=max(MOST_PEOPLE.values()),
    )
    difficulty: float = setting("Overlap of the emotions; 0: none.", 1.0, least=0, most=5)
    size: int = setting("Longer side of the pictures, in pixels.", 128, least=32, most=2048)
    sample_rate: int = setting("Samples of sound per second, in Hz.", 16_000, least=8_000, most=48_000)
    seconds: float = setting("Usual length of an utterance, in seconds.", 1.5, least=0.5, most=10)
    frame_rate: int = setting("Frames of a video per second.", 10, least=1, most=60)
    repetitions: int = setting("Number of repetitions of each utterance in ravdess.", 1, least=1, most=2)
    utterances: int = setting(
        "Utterances of each emotion in savee; of neutral there are twice as many.", 15, least=1, most=15
    )
    angles: list[str] = setting(
        "Angles of the pictures in kdef, by name or by KDEF's own codes.",
        ["straight"],
        choices=(*ANGLES, *ANGLES.values()),
        shortest=1,
    )
    sessions: list[str] = setting(
        "Sittings of the same people in kdef.", ["A"], choices=("A", "B"), shortest=1, distinct=True
    )

    @property
    def angle_codes(self) -> list[str]:
        """KDEF's codes of the angles, each once."""
        return list(dict.fromkeys(ANGLES.get(angle, angle) for angle in self.angles))

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` where there are more people than the layout has names for."""
        most = MOST_PEOPLE[self.layout]
        must(
            self.people <= most,
            f"{name}.people={self.people}: at most {most}, the people of the layout {name}.layout={self.layout}",
        )
