"""REST under /api/v1: one file of routes per noun; errors are `{"error": text}`."""
