"""The client, a module for each namespace: what calls the API and waits for its answers."""
