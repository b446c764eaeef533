"""Cut out a folder of pictures by a running system, over HTTP: nothing of the server is imported."""
