"""How the recordings of a modality are made worse, to see what noise and compression cost."""

from dataclasses import dataclass

from emofusion.settings.fields import MOST_SEED, setting

CODECS = ("", "mp3", "opus")
SOUND, PICTURES = "audio", ("image", "video")  # media of corpora


@dataclass
class Distortion:
    """What is done to recordings before features are computed from them. Noise comes first, then the codec."""

    snr: float | None = setting(
        "White noise is added to sound, at this signal-to-noise ratio in dB over the whole recording; null: none.",
        None,
        least=-60,
        most=120,
    )
    codec: str = setting("Sound is compressed by this codec; empty: by none.", "", choices=CODECS)
    bitrate: int = setting("Bit rate of the codec in kbit/s.", 32, least=8, most=320)
    jpeg: int | None = setting(
        "Pictures, and each frame of a video, are compressed as JPEG of this quality, in Pillow's scale; null: none.",
        None,
        least=1,
        most=95,
    )
    training: bool = setting(
        "Whether training recordings are made worse too. Otherwise models and fusion rules learn from the recordings "
        "as they are, and only what is tested is worse.",
        False,
    )
    seed: int = setting("Seed of the noise; each clip has its own.", 0, least=0, most=MOST_SEED)

    @property
    def of_sound(self) -> bool:
        """Whether sound is made worse."""
        return self.snr is not None or bool(self.codec)

    @property
    def of_pictures(self) -> bool:
        """Whether pictures are made worse."""
        return self.jpeg is not None

    def for_medium(self, medium: str) -> "Distortion":
        """Only what decides the recordings of a medium of a corpus, such as `audio`; equal ones make equal files."""
        if medium in PICTURES:
            return Distortion(jpeg=self.jpeg)
        if medium != SOUND:
            return Distortion()
        sound = Distortion(snr=self.snr, codec=self.codec)
        if self.snr is not None:
            sound.seed = self.seed
        if self.codec:
            sound.bitrate = self.bitrate
        return sound

    def concerns(self, medium: str) -> bool:
        """Whether a medium of a corpus, such as `audio`, is made worse."""
        return bool(self.for_medium(medium))

    def __bool__(self) -> bool:
        """Whether anything is made worse."""
        return self.of_sound or self.of_pictures

    def set_values(self, name: str) -> str:
        """The settings that ask for something, as they are typed. name: of the node, such as `speech.distortion`."""
        values = {"snr": "" if self.snr is None else f"{self.snr:g}", "codec": self.codec, "jpeg": self.jpeg or ""}
        return " ".join(f"{name}.{key}={value}" for key, value in values.items() if value != "")

    def in_words(self) -> str:
        """What is done, such as `white noise at 10 dB and mp3 at 32 kbit/s`."""
        words = [f"white noise at {self.snr:g} dB"] if self.snr is not None else []
        words += [f"{self.codec} at {self.bitrate} kbit/s"] if self.codec else []
        words += [f"JPEG of quality {self.jpeg}"] if self.jpeg is not None else []
        return " and ".join(words)
