"""What servers of other companies do, as the shop relies on it; the project's doubles must do the same."""
