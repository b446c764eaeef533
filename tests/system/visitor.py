"""A guest's browser tab on the page for people.

Set SCREENSHOTS to a folder to retake the pictures of docs/screenshots.
"""

import base64
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from deploy.local.api_client import SAMPLE
from tests.stack import RunningStack

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

_TIMEOUT_MS = 30_000  # a bound for a busy machine; a cut-out takes about half a second
_DROP = """([bytes, name, type]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name, { type }));
  const place = document.querySelector(".drop");
  for (const kind of ["dragenter", "dragover", "drop"])
    place.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
}"""
_PASTE = """([bytes, name, type]) => {
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name, { type }));
  document.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
}"""
ENTRANCE_MS = 1000  # of the divider: 0.9 s
_REFUSED = "Failed to load resource"  # the browser's own line for any 4xx, 5xx or dead connection


@dataclass
class Visit:
    """A guest's tab and its complaints: console, exceptions and the content security policy."""

    page: "Page"
    address: str
    complaints: list[str] = field(default_factory=list)

    def start(self) -> None:
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(self.address)
        self.sees("start")

    def _hear(self, said: "ConsoleMessage") -> None:
        if said.type in ("error", "warning"):
            self.complaints.append(said.text)

    def sees(self, section: str) -> None:
        self.page.wait_for_selector(f"#{section}:not([hidden])", timeout=_TIMEOUT_MS)

    def drops(self, data: bytes, name: str, kind: str = "image/jpeg") -> None:
        self.page.evaluate(_DROP, [base64.b64encode(data).decode(), name, kind])

    def drops_the_sample(self) -> None:
        self.drops(SAMPLE.read_bytes(), SAMPLE.name)

    def pastes_the_sample(self) -> None:
        self.page.evaluate(_PASTE, [base64.b64encode(SAMPLE.read_bytes()).decode(), "image.jpg", "image/jpeg"])

    def reads(self, selector: str) -> str:
        return str(self.page.inner_text(selector))

    def downloads(self) -> Image.Image:
        """The file that the download saves."""
        with self.page.expect_download() as download:
            self.page.click("#download")
        return Image.open(io.BytesIO(download.value.path().read_bytes()))

    def divider(self) -> str:
        return str(
            self.page.evaluate("getComputedStyle(document.querySelector('#compare')).getPropertyValue('--split')")
        )

    def unexpected(self) -> list[str]:
        return [text for text in self.complaints if not text.startswith(_REFUSED)]

    def photographs(self, name: str) -> None:
        if folder := os.environ.get("SCREENSHOTS"):
            self.page.wait_for_timeout(ENTRANCE_MS)
            self.page.screenshot(path=Path(folder) / name)


def visits(browser: "Browser", stack: RunningStack, **wishes: Any) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": 1280, "height": 860}, **wishes)
    visit = Visit(context.new_page(), stack.address)
    visit.start()
    yield visit
    context.close()
    stack.mend()
