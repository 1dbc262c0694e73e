"""What runs the assistant for good: the daemon and what it needs of its surroundings."""
