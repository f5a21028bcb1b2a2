"""The report of a learning curve: what a model that travelled is worth here, and from how many local cases on."""
