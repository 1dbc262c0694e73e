"""The world's edge: sound devices (in a process of their own) and sound files (in this one).

``device.DeviceAudio`` and the pair ``file.FileMicrophone``, ``file.FileSpeaker`` offer the same
two interfaces to the pipeline, so it cannot tell a room from a recording.
"""
