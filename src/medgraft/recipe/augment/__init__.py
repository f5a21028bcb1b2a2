"""Random pixel steps: each chooses a number that can be recorded, then applies it deterministically."""
