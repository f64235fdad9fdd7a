"""Where somebody speaks in a recording or a stream, and windows over this speech.

`settings` has the settings, `recording` the functions for sound that is there, `stream` the class for sound that comes
bit by bit, and `smoothing` the mean of posteriors over time. See docs/speech_activity.md.
"""
