"""The starter's chat model: a small Llama, trained from nothing on dialogues of our own."""
