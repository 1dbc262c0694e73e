"""Text to speech: where a sentence ends, what of it can be spoken, and who speaks it."""
