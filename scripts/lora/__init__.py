"""LoRA adapters for the starter's chat model, trained from a file of dialogues."""
