"""Robot commands: what the user may tell the body to do."""
