"""The dialogues the starter Llama learns from: templates, the speech levels, the conversations."""
