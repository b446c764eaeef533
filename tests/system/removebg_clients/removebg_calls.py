"""PyPI removebg: `python removebg_calls.py KEY FILE URL` tells how each way of sending a picture ended, in JSON."""

import json
import shutil
import sys
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import requests
from removebg import RemoveBg  # type: ignore[import-not-found]


def main(key: str, file: str, url: str) -> None:
    client, picture = RemoveBg(key, "error.log"), Path("photo.jpg")
    shutil.copy(file, picture)
    encoded = b64encode(picture.read_bytes())
    calls = {
        "file": lambda: client.remove_background_from_img_file(str(picture)),
        "base64": lambda: client.remove_background_from_base64_img(encoded, new_file_name="base64.png"),
        "url": lambda: client.remove_background_from_img_url(url, new_file_name="url.png"),
    }
    print(json.dumps({name: _end(call) for name, call in calls.items()}))


def _end(call: Callable[[], object]) -> object:
    try:
        call()
    except requests.HTTPError as error:
        return error.response.status_code
    return "done"


main(*sys.argv[1:])
