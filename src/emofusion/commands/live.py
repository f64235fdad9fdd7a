"""`emofusion live`: a page with camera and microphone, on the loopback address unless told otherwise."""

import argparse
import time


def run(given: argparse.Namespace) -> int:
    """Load the model, and serve the page until it is interrupted.

    Raises `EmofusionError` where there is no such model, the model asks for enrolment clips, none of its modalities can
    be used here, or the port is taken.
    """
    from emofusion.commands.score import say

    begun = time.perf_counter()
    say(f"loading {given.model}")
    from emofusion.commands.model import bundle_folder

    folder = bundle_folder(given.model, given.registry)
    say("importing the libraries")
    from emofusion.live.model import LiveModel
    from emofusion.live.notes import notes_on
    from emofusion.live.server import app
    from emofusion.live.serving import address_of, hosts_of, listening, serve
    from emofusion.live.session import warm_up
    from emofusion.live.settings import LiveSettings
    from emofusion.scoring.recordings import look_at
    from emofusion.speech_activity.settings import SpeechActivity

    settings = LiveSettings(
        SpeechActivity(smoothing=given.speech_smoothing),
        face_smoothing=given.face_smoothing,
        frame_rate=given.frame_rate,
    )
    with listening(given.host, given.port) as socket:
        model = LiveModel(folder, settings, [look_at(path) for path in given.enrol], say)
        settings = settings.with_windows_of(model.most_seconds)
        notes = notes_on(model, settings)
        for note in notes:
            say(note)
        if trouble := warm_up(model, settings):
            say(f"in a trial with noise: {trouble}")
        address = address_of(socket, given.host)
        serve(
            app(model, settings, notes, hosts_of(given.host)),
            socket,
            lambda: say(f"ready after {time.perf_counter() - begun:.1f} s: open {address} (Ctrl-C ends it)"),
        )
    return 0
