"""How fast the local network is: each measurement builds its own floor, so that ratios hold on any machine."""
