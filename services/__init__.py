"""The three services; they meet over HTTP and the broker, never by import."""
