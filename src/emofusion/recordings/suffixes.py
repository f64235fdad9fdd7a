"""The suffixes of files that hold recordings, by what they hold; not every reader reads all of them."""

SOUND = (
    *(".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".wma", ".amr", ".aif", ".aiff", ".au"),
    ".sph",
)
VIDEO = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".flv", ".m4v", ".wmv", ".mpg", ".mpeg", ".3gp")
PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".heic", ".ppm", ".pgm")
