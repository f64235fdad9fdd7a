"""What a demo corpus is made from."""

from dataclasses import dataclass, fields

from emofusion.errors import EmofusionError

ANGLES = {"full_left": "FL", "half_left": "HL", "straight": "S", "half_right": "HR", "full_right": "FR"}
MOST_PEOPLE = {"kdef": 70, "savee": 4, "ravdess": 24}


@dataclass(frozen=True)
class DemoSettings:
    """The settings of a demo corpus; a layout reads those that concern it and leaves the others alone.

    `people`: men and women in turn, in `savee` men only. `difficulty`: how far emotions overlap (0: not at all).
    `size`: longer side of the pictures in pixels. `sample_rate` in Hz, `seconds` the usual length of an utterance,
    `frame_rate` of the videos in frames per second. `angles` by the names in `ANGLES` or KDEF's own codes,
    `sessions` "A" and "B": KDEF's two sittings of the same people. `utterances`: SAVEE's for each emotion, twice as
    many of neutral. `repetitions`: RAVDESS's 1 or 2.
    """

    layout: str
    seed: int = 0
    people: int = 4
    difficulty: float = 1.0
    size: int = 128
    sample_rate: int = 16_000
    seconds: float = 1.5
    frame_rate: int = 10
    repetitions: int = 1
    utterances: int = 15
    angles: tuple[str, ...] = ("straight",)
    sessions: tuple[str, ...] = ("A",)

    def __post_init__(self) -> None:
        if self.layout not in MOST_PEOPLE:
            raise _error("layout", self.layout, f"one of {', '.join(MOST_PEOPLE)}")
        ranges = {
            "seed": (0, 2**31 - 1),
            "people": (1, MOST_PEOPLE[self.layout]),
            "difficulty": (0, 5),
            "size": (32, 2048),
            "sample_rate": (8_000, 48_000),
            "seconds": (0.5, 10),
            "frame_rate": (1, 60),
            "repetitions": (1, 2),
            "utterances": (1, 15),
        }
        for name, (least, most) in ranges.items():
            value = getattr(self, name)
            fraction = name in ("difficulty", "seconds")
            number = int | float if fraction else int
            if isinstance(value, bool) or not isinstance(value, number) or not least <= value <= most:
                kind = "a number" if fraction else "a whole number"
                raise _error(name, value, f"{kind} from {least} to {most} in the layout {self.layout}")
        codes = {code: code for code in ANGLES.values()} | ANGLES
        if not self.angles or isinstance(self.angles, str) or set(self.angles) - set(codes):
            raise _error("angles", self.angles, f"a list out of {', '.join(ANGLES)}")
        if not self.sessions or set(self.sessions) - {"A", "B"}:
            raise _error("sessions", self.sessions, "a list out of A, B")
        object.__setattr__(self, "angles", tuple(dict.fromkeys(codes[angle] for angle in self.angles)))
        object.__setattr__(self, "sessions", tuple(dict.fromkeys(self.sessions)))

    @classmethod
    def of(cls, settings: dict) -> "DemoSettings":
        """The settings, checked; raises `EmofusionError` naming one that is unknown, missing or out of range."""
        known = [field.name for field in fields(cls)]
        unknown = [str(name) for name in settings if name not in known]
        if unknown:
            raise EmofusionError(f"unknown demo setting {', '.join(unknown)}; there are {', '.join(known)}")
        if "layout" not in settings:
            raise EmofusionError(f"the demo setting layout is missing; choose one of {', '.join(MOST_PEOPLE)}")
        return cls(**settings)


def _error(name: str, value: object, wanted: str) -> EmofusionError:
    return EmofusionError(f"the demo setting {name}={value!r} must be {wanted}")
