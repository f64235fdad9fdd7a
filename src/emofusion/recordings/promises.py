"""What the header of a container promises, and what of it is there: a file that was cut short lacks some of it."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Formats of FFmpeg whose header states the duration. For others, FFmpeg estimates it from the size of the file.
_WITH_DURATION = {"matroska", "webm", "flv", "asf"}
_TOLERANCE = 0.1  # seconds, besides the longest packet: the last one may have no duration, and a header may round
HEADER = 64  # bytes by which programs that write headers are known to be wrong
_MOST_OF_PAGE = 65307  # bytes
_LAST_PAGE = 4
UNKNOWN = 2**31 - 2**16  # from here on, a size of 32 bits says that whoever wrote the header did not know it


class Promise:
    """Compares a container's packets, while they are read, with what its header promises."""

    def __init__(self, path: Path, container: Any) -> None:
        """`container`: an open `av` container of the file `path`."""
        formats = set(container.format.name.split(","))
        self._start = self._end = (container.start_time or 0) / 1e6
        self._duration = container.duration / 1e6 if container.duration and formats & _WITH_DURATION else 0.0
        self._ends_early = ends_early(path)
        self._has_cut_packet = False
        self._last: dict[int, float] = {}  # stream → when its last packet begins, in seconds
        self._longest = 0.0  # time from a packet to the next of its stream

    def see(self, packet: Any) -> None:
        """Take note of a packet of any stream."""
        if not packet.size:  # FFmpeg's last, empty packet
            return
        self._has_cut_packet |= packet.is_corrupt
        if packet.pts is not None and packet.time_base is not None:
            start = float(packet.pts * packet.time_base)
            self._end = max(self._end, start + float((packet.duration or 0) * packet.time_base))
            last = self._last.setdefault(packet.stream.index, start)
            self._longest = max(self._longest, abs(start - last))
            self._last[packet.stream.index] = start

    def is_broken(self) -> bool:
        """Whether less is there than is promised, after all packets of the file were seen."""
        is_short = self._duration - (self._end - self._start) > self._longest + _TOLERANCE
        return is_short or self._has_cut_packet or self._ends_early


def ends_early(path: Path) -> bool:
    """Whether a file ends before its own structure says that it does.

    It is known for MP4 and its relatives, whose boxes state their sizes (ISO/IEC 14496-12), for RIFF (AVI), and for
    Ogg, whose last page is marked (RFC 3533).
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(12)
        if start[:4] == b"OggS":
            return not _last_page_is_marked(file, size)
        if start[:4] == b"RIFF":
            (stated,) = struct.unpack("<I", start[4:8])
            promised = stated + 8 if 0 < stated < UNKNOWN else size
        elif start[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
            promised = max(_ends_of_boxes(file, size))
        else:
            return False
    return promised > size + HEADER


def _last_page_is_marked(file: Any, size: int) -> bool:
    """Whether the last page of an Ogg file is the last of its stream."""
    file.seek(max(0, size - _MOST_OF_PAGE))
    end: bytes = file.read()
    place = end.rfind(b"OggS")
    return place >= 0 and len(end) > place + 5 and bool(end[place + 5] & _LAST_PAGE)


def _ends_of_boxes(file: Any, size: int) -> Iterator[int]:
    """Where each box at the top of a file ends; the last may end beyond the file."""
    position = 0
    yield position
    while position + 8 <= size:
        file.seek(position)
        header = file.read(16)
        (length,) = struct.unpack(">I", header[:4])
        if length == 1 and len(header) == 16:  # a size of 64 bits follows
            (length,) = struct.unpack(">Q", header[8:])
        if length < 8:  # 0: to the end of the file
            return
        position += length
        yield position
