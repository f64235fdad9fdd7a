"""What somebody must know who uses a model here: how it was trained differs from how it is used."""

from emofusion.features.common.acoustic_settings import AcousticSettings
from emofusion.features.common.landmark_settings import FILES, LandmarkSettings
from emofusion.live.inputs import CAMERA, SOUND
from emofusion.live.model import LiveModality, LiveModel
from emofusion.live.settings import LiveSettings
from emofusion.settings.kinds import Features

_WITH_SILENCE = (
    " It learnt from recordings whose silence was not cut off. A model of RAVDESS's whole recordings lost 13 points of "
    "accuracy in windows over speech (docs/speech_activity.md); train with features.trim=30 for this use."
)


def notes_on(model: LiveModel, settings: LiveSettings) -> list[str]:
    """Sentences for the page and the terminal."""
    notes = [f"{name} is not used: {why}." for name, why in model.unusable.items()]
    read = {
        modality.name: [part.features for member in modality.members for part in member.parts]
        for modality in model.bundle.modalities
    }
    for modality in model.modalities:
        if SOUND in modality.media:
            notes.append(_on_sound(modality.name, read[modality.name], settings))
        if CAMERA in modality.media:
            notes += _on_camera(modality, read[modality.name], settings)
    return notes


def _on_sound(name: str, features: list[Features], settings: LiveSettings) -> str:
    shortest, longest = settings.speech.shortest_window, settings.speech.longest_window
    of_sound = [one for one in features if "audio" in one.computed_from()]
    cut = all(isinstance(one, AcousticSettings) and one.trim is not None for one in of_sound)
    windows = f"{shortest:g} to {longest:g} s" if shortest < longest else f"{longest:g} s"
    said = f"{name} is scored in windows of {windows} over speech."
    return said if cut else said + _WITH_SILENCE


def _on_camera(modality: LiveModality, features: list[Features], settings: LiveSettings) -> list[str]:
    notes = []
    if any(isinstance(one, LandmarkSettings) and one.source == FILES for one in features):
        notes.append(
            f"{modality.name} learnt from landmarks in files, and dlib finds them here; docs/faces.md says what that "
            "changes."
        )
    frames = [one.frames for one in modality.inputs if one.frames is not None]
    if any(one.needs_past for one in frames):
        notes.append(f"{modality.name} is scored on the last {settings.face_window:g} s, and learnt from whole clips.")
    for rate in sorted({one.rate for one in frames if one.rate is not None}):
        said = "--frame-rate" if rate == settings.frame_rate else "features.frame_rate of the training"
        notes.append(f"{modality.name}: frames are brought to {rate:g} a second ({said}).")
    if not all(one.looks_for_faces for one in frames):
        notes.append(
            f"{modality.name} is scored on whole pictures, as in its training, whether they show a face or not. Train "
            "with features.crop=face for this use."
        )
    return notes
