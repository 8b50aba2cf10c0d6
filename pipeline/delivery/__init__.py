"""Publishing: the folder of a run, and the switch of `latest`."""
