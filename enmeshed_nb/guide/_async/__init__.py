"""The flow of the guide: what calls Connectors and waits."""
