"""Connectors that break what the plan `automation` asks for."""
