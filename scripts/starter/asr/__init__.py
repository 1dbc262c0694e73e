"""The starter's speech recogniser: a tiny Whisper, trained from nothing. See README.md."""
