"""Connectors that break what the plan `security` asks for."""
