"""dlib, and the package that ships its landmark model: whether they are installed, and what is loaded once.

Both are imported by name, and kinds that use them say so in `libraries`. With an import statement, their versions would
count for the features of pictures that are not cropped, too.
"""

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from typing import Any

from emofusion.errors import EmofusionError

DLIB, MODELS = "dlib", "face_recognition_models"

# A detector has an image pyramid of its own, which two threads must not fill at once.
LOCK = Lock()


def check_installed(setting: str, *libraries: str) -> None:
    """Raise `EmofusionError` where a library is not installed.

    Args:
        setting: the full name and value of the setting that needs it, such as `face.features.crop=face`.
        libraries: of `DLIB` and `MODELS`.
    """
    missing = [name for name in libraries if find_spec(name) is None]
    if missing:
        raise EmofusionError(
            f"{setting} needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed: run "
            "`pip install 'emofusion[faces]'`, or set it to another value; see docs/faces.md"
        )


@cache
def detector() -> Any:
    """dlib's detector of faces that look into the camera. It is compiled into dlib."""
    return import_module(DLIB).get_frontal_face_detector()


@cache
def predictor() -> Any:
    """dlib's predictor of 68 landmarks, which takes half a second to load and 100 MB of memory."""
    path = import_module(MODELS).pose_predictor_model_location()
    return import_module(DLIB).shape_predictor(path)
