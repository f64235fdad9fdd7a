"""Play a video in real time through `emofusion live`, as a browser sends it, and measure how soon posteriors follow.

    python benchmarks/live.py MODEL VIDEO [--minutes 10] [--frames 15]

MODEL is `models:/NAME/VERSION` or the folder of a model; the video is repeated. Of each frame, the time is from when it
is sent as a JPEG to when the state that rests on it is back. Of a window of speech, it is from when its last sample was
said, so the block in which it waits counts too. The last window of an utterance is complete only when a pause has shown
that the utterance is over; this pause is not counted in `ends of utterances`, and told. As in the page, no third frame
is sent before the first of two has come back; such frames are counted as left out.
"""

import argparse
import asyncio
import json
import os
import struct
import subprocess
import sys
import threading
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import websockets
from numpy.typing import NDArray
from PIL import Image

from emofusion.live.server import FRAME, SOUND_BLOCK
from emofusion.live.settings import LiveSettings
from emofusion.live.sound import Microphone
from emofusion.recordings.blocks import blocks
from emofusion.recordings.pictures import decode_frames, upright

RATE, BLOCK = 48_000, 2048
COMMAND = [sys.executable, "-c", "import sys; from emofusion.commands import main; sys.exit(main())", "live"]


def started(options: argparse.Namespace) -> tuple[subprocess.Popen[str], str]:
    """The server, and its address. Its first lines are printed with the seconds after which they came."""
    begun = time.perf_counter()
    arguments = ["--model", options.model, "--port", "0"]
    if options.registry:
        arguments += ["--registry", options.registry]
    server = subprocess.Popen([*COMMAND, *arguments], stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    for line in server.stderr:
        print(f"{time.perf_counter() - begun:5.1f} s  {line.rstrip()}", flush=True)
        if "http://" in line:
            # what it says later must not fill the pipe
            threading.Thread(target=lambda: print(*server.stderr, sep="", end=""), daemon=True).start()
            return server, line.split("http://")[1].split("/")[0]
    raise SystemExit("the server has ended")


def frames_of(path: Path, a_second: float) -> list[bytes]:
    """JPEGs of a video, so many a second, as the page makes them."""
    found: list[bytes] = []
    for frame in decode_frames(path):
        if frame.time >= len(found) / a_second:
            image = upright(frame)
            image.thumbnail((640, 640), Image.Resampling.BILINEAR)
            buffer = BytesIO()
            image.save(buffer, "JPEG", quality=90)
            found.append(buffer.getvalue())
    return found


def samples_of(path: Path, seconds: float) -> NDArray[np.int16]:
    """The sound of a video, repeated, of so many seconds."""
    once = np.concatenate(list(blocks(path, RATE)))
    return np.resize(np.round(np.clip(once, -1, 1) * 32767), round(seconds * RATE)).astype(np.int16)


def windows_in(samples: NDArray[np.int16], settings: LiveSettings) -> dict[float, bool]:
    """The end of each window over speech in seconds → whether its utterance ends with it."""
    microphone, found = Microphone(RATE, settings.speech), {}
    for start in range(0, len(samples), BLOCK):
        for window in microphone.push((samples[start : start + BLOCK] / 32768).astype(np.float32)):
            found[window.end] = window.is_last
    return found


async def play(address: str, frames: list[bytes], samples: NDArray[np.int16], a_second: float) -> dict[str, Any]:
    """Send frames and sound in real time.

    Returns the delays of frames, and of ends of windows, how many frames were left out, and the last state.
    """
    seen: dict[float, float] = {}
    waiting: list[float] = []  # times of frames that have not come back
    skipped = 0
    heard: dict[float, float] = {}
    last: dict[str, Any] = {}
    seconds = len(samples) / RATE
    async with websockets.connect(f"ws://{address}/stream", max_size=None) as socket:
        begun = time.perf_counter()

        def now() -> float:
            return time.perf_counter() - begun

        async def show() -> None:
            async for text in socket:
                state = json.loads(text)
                last.update(state)
                if state["frame"] is not None and state["frame"] not in seen:
                    seen[state["frame"]] = now() - state["frame"] / 1000
                    waiting[:] = [one for one in waiting if one > state["frame"]]
                if state["heard"] is not None and state["heard"] not in heard:
                    heard[state["heard"]] = now() - state["heard"]

        async def look() -> None:
            nonlocal skipped
            for number in range(int(seconds * a_second)):
                await asyncio.sleep(max(0.0, number / a_second - now()))
                if len(waiting) >= 2:
                    skipped += 1
                    continue
                waiting.append(1000 * now())
                await socket.send(struct.pack("<Q d", FRAME, waiting[-1]) + frames[number % len(frames)])

        async def listen() -> None:
            await socket.send(json.dumps({"rate": RATE}))
            for start in range(0, len(samples), BLOCK):
                block = samples[start : start + BLOCK]
                await asyncio.sleep(max(0.0, (start + len(block)) / RATE - now()))
                await socket.send(struct.pack("<Q d", SOUND_BLOCK, 1000 * now()) + block.tobytes())

        showing = asyncio.create_task(show())
        await asyncio.gather(look(), listen())
        await asyncio.sleep(1)
        showing.cancel()
    return {"seen": seen, "heard": heard, "last": last, "skipped": skipped}


def told(name: str, delays: list[float]) -> None:
    p50, p95, most = np.percentile(np.array(delays) * 1000, [50, 95, 100])
    print(f"{name}: p50 {p50:.0f} ms, p95 {p95:.0f} ms, longest {most:.0f} ms ({len(delays)})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("video", type=Path)
    parser.add_argument("--registry")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--frames", type=float, default=15, help="a second")
    options = parser.parse_args()

    settings = LiveSettings()
    frames, samples = frames_of(options.video, options.frames), samples_of(options.video, 60 * options.minutes)
    ends = windows_in(samples, settings)
    server, address = started(options)
    process = psutil.Process(server.pid)
    memory: list[float] = []

    async def watch() -> None:
        while True:
            memory.append(process.memory_info().rss / 2**20)
            await asyncio.sleep(1)

    async def both() -> dict[str, Any]:
        watching = asyncio.create_task(watch())
        try:
            return await play(address, frames, samples, options.frames)
        finally:
            watching.cancel()

    before, begun = sum(process.cpu_times()[:2]), time.perf_counter()
    try:
        found = asyncio.run(both())
        used = (sum(process.cpu_times()[:2]) - before) / (time.perf_counter() - begun)
    finally:
        server.terminate()
        server.wait(30)
    every, last = int(60 * options.minutes * options.frames), found["last"]
    seen, heard = list(found["seen"].values()), found["heard"]
    pause = settings.speech.longest_pause
    within = [delay for end, delay in heard.items() if ends.get(end) is False]
    at_ends = [delay - pause for end, delay in heard.items() if ends.get(end) is True]
    print(f"{options.minutes:g} minutes; load {os.getloadavg()[0]:.1f}; {len(ends)} windows over speech")
    half = len(seen) // 2
    told("face", seen)
    told("face, first half", seen[:half])
    told("face, second half", seen[half:])
    if within:
        told("speech, within utterances", within)
    if at_ends:
        told(f"speech, ends of utterances, {pause:g} s later", at_ends)
    print(f"frames: {every}, {len(seen)} shown, {found['skipped'] + last['dropped_frames']} left out")
    unknown = len(heard) - len(within) - len(at_ends)
    print(
        f"windows: {len(heard)} shown, {last['dropped_windows']} left out, {unknown} that were not expected; "
        f"{last['lost_sound']:g} s of sound lost; trouble: {last['trouble'] or 'none'}"
    )
    print(f"CPU: {100 * used:.0f} % of a core; {os.cpu_count()} cores")
    minute = min(60, len(memory) // 4)
    print(
        f"memory: {memory[minute]:.0f} MiB after {minute} s, {memory[-1]:.0f} MiB at the end, {max(memory):.0f} at most"
    )


if __name__ == "__main__":
    main()
