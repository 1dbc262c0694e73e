"""A virtual sound card: PulseAudio with a loudspeaker, a microphone and a room between them."""
