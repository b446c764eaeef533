"""The version of this release; CHANGELOG.md says what it brings, and `make release` tags the images with it."""

VERSION = "0.2.0"
