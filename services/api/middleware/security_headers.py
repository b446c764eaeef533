"""Strict-Transport-Security, for deployments whose public URL is https. `shared.web` sets the other headers."""

from flask import Flask, Response


def install(app: Flask, public_url: str) -> None:
    if public_url.startswith("https:"):
        app.after_request(_https_only)


def _https_only(response: Response) -> Response:
    """For a year, and for this host alone: its subdomains may belong to other services."""
    response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
