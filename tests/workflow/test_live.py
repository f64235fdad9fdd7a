"""From the workflow to a page with camera and microphone: `emofusion live`, driven by Chromium with fake devices."""

import json
import re
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from io import BytesIO

import av
import numpy as np
import pandas as pd
import pytest
import requests
import soundfile
from playwright.sync_api import sync_playwright
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from emofusion.recordings.blocks import blocks
from emofusion.recordings.pictures import decode_frames

EMOTIONS, PEOPLE = ["neutral", "happy", "sad"], 4
OVERRIDE = [
    *("+corpus=[folder]", "protocol=speaker_independent", "protocol.corpora=[folder]", "protocol.number_of_folds=2"),
    *("protocol.validation=0", "modalities=[speech,face]", "speech=cnn1d", "speech.training.epochs=2"),
    *("face=mobilenet", "face.network.weights=none", "face.features.size=32", "face.features.frames=2"),
    *("face.training.epochs=2", "face.training.unfreeze=[]", "face.training.keep=last", "fusion=linear"),
    *("report.compare={}", "published=none", "fusion.steps=4", "evaluation.samples=20", "evaluation.permutations=20"),
    f"emotions.classes=[{','.join(EMOTIONS)}]",
]
# a JPEG that says that it has 65,000 x 65,000 pixels
HUGE_JPEG = b"\xff\xd8\xff\xc0" + struct.pack(">HBHHB", 11, 8, 65_000, 65_000, 1) + b"\x01\x11\x00\xff\xd9"
FAKE = ["--no-sandbox", "--disable-dev-shm-usage", "--use-fake-device-for-media-stream"]
FAKE += ["--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required"]


@pytest.fixture(scope="module")
def made(workflow_in, repository, write_video, tmp_path_factory):
    made = workflow_in(repository, tmp_path_factory.mktemp("live"))
    folder, random = made.folder / "data", np.random.default_rng(0)
    folder.mkdir()
    rows = []
    for number in range(PEOPLE * 2 * len(EMOTIONS)):
        person, kind = number % PEOPLE, number // PEOPLE % len(EMOTIONS)
        write_video(folder / f"{number}.mp4", random, 30 * kind, 200.0 * (1 + kind))
        about = {"actor": f"p{person}", "gender": "fm"[person % 2], "emotion": EMOTIONS[kind]}
        rows.append(about | {"audio": f"{number}.mp4", "video": f"{number}.mp4"})
    pd.DataFrame(rows).to_csv(folder / "clips.csv", index=False)
    override = [*OVERRIDE, f"corpora.folder.table={folder}/clips.csv"]
    made.made("register", experiment="ravdess_openface", override=override)
    return made


def command(*arguments):
    code = "import sys; from emofusion.commands import main; sys.exit(main())"
    return [sys.executable, "-c", code, "live", "--model", "models:/ravdess_openface/1", *arguments]


@pytest.fixture(scope="module")
def server(made):
    """The lines that it has said, and the address of the page."""
    process = subprocess.Popen(
        command("--port", "0"), cwd=made.folder, env=made.environment(), stderr=subprocess.PIPE, text=True
    )
    lines = []
    try:
        with ThreadPoolExecutor(1) as reading:
            while not (lines and "http://" in lines[-1]):
                lines.append(reading.submit(process.stderr.readline).result(timeout=300))
                assert lines[-1], lines  # it has ended
        yield lines, re.search(r"http://[\d.:]+", lines[-1])[0]
    finally:
        process.terminate()
        process.wait(30)


def sound_of(samples):
    return struct.pack("<Q d", 2, 1.0) + bytes(2 * samples)


def write_y4m(path, pictures):
    """A film that Chromium's fake camera plays. pictures: frames of PyAV, of one size."""
    with path.open("wb") as file:
        for number, frame in enumerate(pictures):
            if not number:
                file.write(f"YUV4MPEG2 W{frame.width} H{frame.height} F30:1 Ip A1:1 C420jpeg\n".encode())
            file.write(b"FRAME\n" + frame.reformat(format="yuv420p").to_ndarray().tobytes())


@pytest.fixture(scope="module")
def devices(conversation, drawn, tmp_path_factory):
    """Folders with the film `film.y4m` and the sound `sound.wav`: of a generated talk, and of a black picture."""
    folder, (sound, _) = tmp_path_factory.mktemp("devices"), conversation
    found = {name: folder / name for name in ("talk", "black")}
    sound = np.concatenate([sound, np.zeros(4 * 16_000, np.float32)])  # longer than what was heard counts
    faces = [drawn(number // 15, width=320, height=240, mouth_corners=number / 60).picture for number in range(60)]
    for name, pictures in (("talk", faces), ("black", [np.zeros_like(faces[0])] * 5)):
        found[name].mkdir()
        write_y4m(found[name] / "film.y4m", [av.VideoFrame.from_ndarray(one, format="rgb24") for one in pictures])
        soundfile.write(found[name] / "sound.wav", sound, 16_000, subtype="PCM_16")
    return found


@contextmanager
def page_in(chromium, folder, address, width=1200, starts=True):
    """A page that plays a film and a sound, started unless told otherwise; and what went wrong in it."""
    files = [f"--use-file-for-fake-video-capture={folder}/film.y4m"]
    files += [f"--use-file-for-fake-audio-capture={folder}/sound.wav"]
    wrong = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=[*FAKE, *files])
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "request", lambda asked: wrong.append(asked.url) if not asked.url.startswith((address, "data:")) else None
        )
        try:
            page.goto(address)
            page.wait_for_selector("#start:enabled")
            if starts:
                page.click("#start")
            yield page, wrong
        finally:
            browser.close()


def shown(page):
    """The percents of each chart at one moment, as they are written; None where it shows none."""
    texts = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll("[data-modality]")].map((chart) =>
            [chart.dataset.modality, [...chart.querySelectorAll(".value")].map((value) => value.textContent)]))"""
    )
    return {
        name: None if "–" in values else [int(value.removesuffix(" %")) for value in values]
        for name, values in texts.items()
    }


def wait_until(page, condition):
    for _ in range(600):
        if condition():
            return
        page.wait_for_timeout(100)
    raise AssertionError(page.inner_text("body"))


def drive(page, wrong):
    """Bars move, and the slider acts."""
    seen = {"face": set(), "speech": set(), "fusion": set()}

    def moved():
        for name, now in shown(page).items():
            if now is not None:
                assert abs(sum(now) - 100) <= 2
                seen[name].add(tuple(now))
        return all(len(values) >= 2 for values in seen.values())

    def follows(name):
        """While both are shown and differ, fusion says what one of them says."""
        now = shown(page)
        return None not in now.values() and now["speech"] != now["face"] and now["fusion"] == now[name]

    wait_until(page, moved)
    assert page.inner_text("#camera-state") == "picture"  # the model was not trained on faces that were cut out
    assert page.is_checked("#rule-model")
    for weight, name in (("0", "face"), ("1", "speech")):
        page.locator("#weight-speech").fill(weight)
        assert page.is_checked("#rule-weights") and f"{name} 1.00" in page.inner_text("#weights")
        wait_until(page, lambda name=name: follows(name))
    page.check("#rule-model")
    wait_until(page, lambda: not (follows("speech") or follows("face")) and None not in shown(page).values())
    wait_until(page, lambda: "ms from a frame" in page.inner_text("#delays"))
    assert page.inner_text("#trouble") == page.inner_text("#scoring-trouble") == "" and wrong == []


def test_it_says_what_it_loads_and_when_it_is_ready(server):
    lines, address = server
    assert lines[0] == "loading models:/ravdess_openface/1\n"
    assert re.fullmatch(rf"ready after [\d.]+ s: open {address}/ \(Ctrl-C ends it\)\n", lines[-1])
    # the clips last 1.02 s, and so the window of the features, which follows them, 1.1 s
    assert any("speech is scored in windows of 1.1 s over speech" in line for line in lines)


def test_bars_move_and_the_slider_acts(chromium, server, devices):
    with page_in(chromium, devices["talk"], server[1]) as (page, wrong):
        drive(page, wrong)
        page.click("#start")  # stop
        assert page.inner_text("#camera-state") == "camera off" and set(shown(page).values()) == {None}
        for _ in range(5):  # the old run does not end the new one, and none goes on after a stop
            page.click("#start")
        wait_until(page, lambda: page.inner_text("#camera-state") == "picture")
        page.click("#start")
        page.wait_for_timeout(500)
        assert page.inner_text("#camera-state") == "camera off" and page.inner_text("#trouble") == ""
    assert wrong == []


def test_a_stop_while_the_browser_asks_for_the_camera_releases_it(chromium, server, devices):
    with page_in(chromium, devices["talk"], server[1], starts=False) as (page, wrong):
        page.evaluate(
            """() => {
                const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
                navigator.mediaDevices.getUserMedia = async (asked) => {
                    await new Promise((done) => setTimeout(done, 500));
                    return (window.given = await ask(asked));
                };
            }"""
        )
        page.click("#start")
        page.click("#start")
        wait_until(page, lambda: page.evaluate("() => window.given !== undefined"))
        page.wait_for_timeout(200)
        states = page.evaluate("() => window.given.getTracks().map((track) => track.readyState)")
        assert states == ["ended", "ended"] and page.inner_text("#start") == "Start" and wrong == []


def test_without_a_camera_the_microphone_is_enough_and_with_neither_it_cannot_start(chromium, server, devices):
    with page_in(chromium, devices["talk"], server[1], starts=False) as (page, wrong):
        page.uncheck("#camera")
        page.uncheck("#microphone")
        assert page.is_disabled("#start")
        page.check("#microphone")
        page.check("#camera")
        page.evaluate(
            """() => {
                const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
                navigator.mediaDevices.getUserMedia = async (asked) => {
                    if (asked.video) throw new DOMException("none", "NotFoundError");
                    return ask(asked);
                };
            }"""
        )
        page.click("#start")
        wait_until(page, lambda: shown(page)["speech"] is not None)
        now = shown(page)
        assert now["face"] is None and now["fusion"] == now["speech"]
        assert page.inner_text("#trouble") == "No camera: there is none." and wrong == []


def test_a_real_clip(chromium, server, real_data, tmp_path):
    video = sorted((real_data / "ravdess/video").glob("01-*.mp4"))[0]
    write_y4m(tmp_path / "film.y4m", [frame.reformat(480, 270) for frame in decode_frames(video)])
    soundfile.write(tmp_path / "sound.wav", np.concatenate(list(blocks(video, 48_000))), 48_000, subtype="PCM_16")
    with page_in(chromium, tmp_path, server[1]) as (page, wrong):
        drive(page, wrong)


def test_without_a_face_fusion_rests_on_speech_and_a_narrow_screen_works(chromium, server, devices):
    with page_in(chromium, devices["black"], server[1], width=360) as (page, wrong):
        wait_until(page, lambda: page.inner_text("#camera-state") == "no face")
        wait_until(page, lambda: shown(page)["fusion"] is not None)
        now = shown(page)
        assert now["face"] is None and now["fusion"] == now["speech"]
        wait_until(page, lambda: page.inner_text("#sound-state") == "no speech")
        wait_until(page, lambda: shown(page)["fusion"] is None)
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 360
        assert wrong == []


def test_the_page_is_for_itself_alone(server):
    _, address = server
    answer = requests.get(f"{address}/", timeout=30)
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert not re.findall(r"https?://", answer.text)
    for part in ("page/live.js", "page/microphone.js", "page/live.css", "model.json"):
        assert requests.get(f"{address}/{part}", timeout=30).headers["Cache-Control"] == "no-store"
    # a name of another host that leads to this machine
    assert requests.get(f"{address}/", headers={"Host": "elsewhere.example"}, timeout=30).status_code == 400
    stream = f"ws{address.removeprefix('http')}/stream"
    with pytest.raises(InvalidStatus), connect(stream, origin="http://elsewhere.example"):
        pass
    for message, said in (
        (b"short", "without a header"),
        (struct.pack("<Q d", 1, 1.0) + b"no picture", "no JPEG"),
        (struct.pack("<Q d", 2, 1.0) + b"\0\0", "before the rate"),
        (struct.pack("<Q d", 1, 1.0) + HUGE_JPEG, "too large"),
        (json.dumps({"rate": 5}), "a rate of 5 Hz"),
        ('{"rate": Infinity}', "no request"),
        (json.dumps({"weights": {"speech": -1}}), "weights"),
        (json.dumps({"weights": {"speech": 1e308, "face": 1e308}}), "weights"),
        (json.dumps({"weights": [1]}), "no request"),
        (json.dumps([]), "no request"),
        ("[" * 100_000, "no request"),
        ("{", "no request"),
    ):
        with connect(stream) as socket:
            socket.send(message)
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    socket.recv(timeout=30)
        assert said in closed.value.rcvd.reason
    for later, said in (
        (json.dumps({"rate": 8000}), "a second rate"),
        (sound_of(0), "0 samples"),
        (sound_of(81_000), "81000"),
    ):
        with connect(stream) as socket:
            socket.send(json.dumps({"rate": 8000}))
            socket.send(later)
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    socket.recv(timeout=30)
        assert said in closed.value.rcvd.reason


def test_each_of_several_browsers_has_its_own_state_and_one_too_many_is_told(server, drawn):
    stream = f"ws{server[1].removeprefix('http')}/stream"

    def picture(number):
        buffer = BytesIO()
        drawn(number, width=320, height=240).image.save(buffer, "JPEG")
        return buffer.getvalue()

    def fused(socket, sent):
        while (state := json.loads(socket.recv(timeout=60)))["frame"] != sent:
            pass
        return state["fused"]

    with ExitStack() as stack:
        sockets = [stack.enter_context(connect(stream)) for _ in range(4)]
        for number, socket in enumerate(sockets):
            socket.send(struct.pack("<Q d", 1, 10.0 + number) + picture(number % 2))
        states = [fused(socket, 10.0 + number) for number, socket in enumerate(sockets)]
        assert states[0] == states[2] != states[1] == states[3]
        with connect(stream) as fifth, pytest.raises(ConnectionClosed) as closed:
            fifth.recv(timeout=30)
        assert "4 pages are connected already" in closed.value.rcvd.reason
        sockets[0].close()  # its place is free again, and the others go on

        def is_accepted():
            with connect(stream) as another:
                try:
                    return json.loads(another.recv(timeout=30))["camera"] == "off"
                except ConnectionClosed:
                    return False

        assert any(is_accepted() for _ in range(50))
        sockets[1].send(struct.pack("<Q d", 1, 20.0) + picture(1))
        assert fused(sockets[1], 20.0) == pytest.approx(states[1], abs=1e-9)


def test_a_port_that_is_taken_and_a_model_that_is_not_there_are_told(made, server):
    _, address = server
    port = address.rpartition(":")[2]
    for arguments, said in (
        (["--port", port], f"--port {port}: this address cannot be used"),
        (["--frame-rate", "0"], "0 is not from 1 to 240"),
        (["--port", "70000"], "70000 is not from 0 to 65535"),
        (["--model", "models:/ravdess_openface/9"], "Register a model with: snakemake"),
    ):
        done = subprocess.run(
            command(*arguments), capture_output=True, text=True, cwd=made.folder, env=made.environment(), timeout=300
        )
        assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr
