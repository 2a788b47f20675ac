"""A stand-in for the assistant: enough to see the strategies at work."""
