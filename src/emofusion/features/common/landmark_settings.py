"""The settings of all features of facial landmarks: which points are read, and how a frame is normalised."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from emofusion.features.common.face_settings import FeaturesOfFaces
from emofusion.settings.fields import must, setting

if TYPE_CHECKING:
    import numpy as np

POINTS = 68
NPZ = "landmarks68.npz"  # a file with the points of all clips, in a corpus's folder
FILES, RECORDINGS = "files", "recordings"  # values of the setting `source`
WITHOUT_FACE = "frames without a face"


@dataclass
class LandmarkSettings(FeaturesOfFaces):
    """The settings that `landmarks` and `landmark_sequences` share. `landmarks.compute` reads the points."""

    media: ClassVar[tuple[str, ...]] = ("landmarks",)

    source: str = setting(
        "Where the points come from: files (an npz file, or OpenFace's), or recordings (dlib finds them in each frame "
        "of a clip's video, or in its picture).",
        FILES,
        choices=[FILES, RECORDINGS],
        later=True,
    )
    frame_rate: float | None = setting(
        "With source=recordings: frames a second that the points of a video are brought to, by interpolation between "
        "its frames; null: the video's own.",
        None,
        least=1,
        most=240,
        later=True,
    )
    table: str | None = setting(
        "npz file of points, or a folder or zip archive of OpenFace's files; null: the corpus's folder.", None
    )
    level: bool = setting("Turn each frame so that the eyes are level. The tilt of the head is then lost.", False)
    faces: str = setting(
        "Which face counts where OpenFace found several: most_seen (the one in most frames), or single (a file with "
        "several is refused).",
        "most_seen",
        choices=["most_seen", "single"],
    )
    confidence: float = setting(
        "Least confidence of a frame of OpenFace that counts; below 0.7, its author takes a frame for a failure.",
        0.7,
        least=0,
        most=1,
    )

    def dtype(self) -> "np.dtype[Any]":
        """Single precision."""
        import numpy as np

        return np.dtype(np.float32)

    def for_corpus(self, root: str) -> Self:
        """A copy that reads the corpus's folder where no table is set; itself where it reads recordings."""
        return self if self.source == RECORDINGS else replace(self, table=self.table or root)

    def computed_from(self) -> tuple[str, ...]:
        """Videos and pictures, where the points are found in them."""
        return ("video", "image") if self.source == RECORDINGS else self.media

    def for_scoring(self) -> Self:
        """The same features of points that dlib finds in a recording, also where the training read them from files."""
        return replace(self, source=RECORDINGS, table=None)

    def medium_of(self, provided: Sequence[str]) -> str | None:
        """The medium `landmarks`, or that of recordings. With a table, landmarks are available for every corpus."""
        return "landmarks" if self.table else super().medium_of(provided)

    def check_present(self) -> None:
        """Raise `EmofusionError` where the named file does not exist. A folder may be downloaded later."""
        must(
            not self.table or Path(self.table).suffix.lower() not in (".npz", ".zip") or Path(self.table).is_file(),
            f"features.table={self.table}: there is no such file of landmarks",
        )

    def sources(self) -> list[Path]:
        """The npz file; or the CSV files of a folder and the zip archives in it. No file is opened."""
        from emofusion.features.action_units.files import source_files

        if not self.table:
            return []
        points = Path(self.table) / NPZ
        return [points] if points.is_file() else source_files(Path(self.table))

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` where settings of one source are set and the other one is read."""
        if self.source == RECORDINGS:
            self.check_only_with(f"source={FILES}", ("table", "faces", "confidence"), name)
        else:
            self.check_only_with(f"source={RECORDINGS}", ("frame_rate", "face", "smallest_face"), name)

    def check_installed(self, name: str) -> None:
        """Raise `EmofusionError` where dlib is to find the points and is not installed. `name`: the full name."""
        if self.source == RECORDINGS:
            from emofusion.faces.library import DLIB, MODELS, check_installed

            check_installed(f"{name}.source={RECORDINGS}", DLIB, MODELS)

    def libraries(self) -> tuple[str, ...]:
        """dlib and its landmark model, where they find the points."""
        return ("dlib", "face_recognition_models") if self.source == RECORDINGS else ()

    def always_counted(self) -> tuple[str, ...]:
        """Frames without a face, where faces are looked for."""
        return (WITHOUT_FACE,) if self.source == RECORDINGS else ()
