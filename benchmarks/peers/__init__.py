"""Peers: the same trainings as others would write them. They use medgraft's data and networks, never its engine."""
