"""Functions that the corpora share: archives, media files, the clip table, downloads."""
