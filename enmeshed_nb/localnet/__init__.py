"""The local network: a Backbone in Python and Connectors on the real enmeshed Runtime, on this machine only."""
