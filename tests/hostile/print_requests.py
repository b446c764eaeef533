"""Random requests for everything that is made of a picture for print, from the parameters of the OpenAPI document."""

import math
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any
from urllib.parse import urlencode

PICTURE, JOB = "{asset_id}", "{job_id}"
_WRONG = ("nan", "inf", "-1", "1e308", "-1e-320", "", "0", "0x10", "1,5", "true", "\u0661", "9" * 60, "'")
_WORDS: Mapping[str, tuple[str, ...]] = {
    "garment": ("black", "white", "#808080", "tomato", "rgb(1, 2, 3)"),
    "color": ("000000", "ffffff", "7f0011"),
}
_ABSENT = ("profile",)  # there is none in a system of the tests


class Requests:
    """Requests for a picture, as `document` describes them; `chance` decides all that is left open.

    `most_mm` bounds the widths, and so the time that large prints take.
    """

    def __init__(self, document: Mapping[str, Any], garments: list[str], chance: Random, most_mm: float) -> None:
        self._document, self._garments, self._chance, self._most_mm = document, garments, chance, most_mm
        self.paths = [
            path
            for path, operations in document["paths"].items()
            if PICTURE in path and "get" in operations and not path.endswith(("}", "_grant}.webp"))
        ]

    def of(self, asset_id: str) -> Iterator[str]:
        """One for each route."""
        for path in self.paths:
            garment, colour = self._chance.choice(self._garments), f"{self._chance.getrandbits(24):06x}"
            address = path.format(asset_id=asset_id, garment=garment, color=colour)
            query = dict(self._query(self._document["paths"][path]["get"]))
            if "mockups" in path and "garment" in query:
                query["garment"] = garment
            if self._chance.random() < 0.9:
                _agree(query)
            yield f"{address}?{urlencode(query)}" if query else address

    def sheet(self, asset_ids: list[str], *, tight: bool) -> dict[str, Any]:
        """The body of an order of gang sheets."""
        chance = self._chance
        most = min(self._most_mm, chance.choice([200, 200, 400, 600, 5080]))
        film: dict[str, float] = {
            "widthMm": self._between(100, min(most, 1600)),
            "maxLengthMm": self._between(100, min(most, 5080)),
        }
        widest = film["widthMm"] * chance.choice([0.1, 0.1, 0.3, 1])
        margins = {"marginMm": self._between(0, 40), "gapMm": self._between(0, 50)}
        items = [
            {
                "assetId": chance.choice(asset_ids),
                "widthMm": self._between(1, min(400, widest)),
                "copies": round(self._between(1, 20)),
                "rotate": chance.random() < 0.5,
            }
            for _ in range(chance.randint(1, 5))
        ]
        return {
            "sheet": film | (margins if chance.random() < 0.7 else {}),
            "items": items,
            "effort": "tight" if tight else "instant",
            "formats": chance.sample(["png", "tiff", "pdf"], chance.randint(1, 3)),
            "labels": chance.random() < 0.5,
            "underbase": chance.random() < 0.5,
        }

    def _query(self, operation: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """A value for most parameters; of one request in eight, one is nonsense."""
        given = [one for one in operation.get("parameters", ()) if one["in"] == "query"]
        wrong = self._chance.choice(given)["name"] if given and self._chance.random() < 0.125 else None
        for parameter in given:
            if parameter["name"] == wrong:
                yield wrong, self._chance.choice(_WRONG)
            elif parameter["name"] not in _ABSENT and (parameter.get("required") or self._chance.random() < 0.6):
                yield parameter["name"], self._value(parameter["name"], parameter["schema"])

    def _value(self, name: str, schema: Mapping[str, Any]) -> str:
        if "$ref" in schema:
            schema = self._document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        if "enum" in schema:
            return str(self._chance.choice(schema["enum"]))
        if schema["type"] == "boolean":
            return self._chance.choice(["true", "false"])
        if schema["type"] == "string":
            return self._chance.choice(_WORDS[name])
        most = (
            min(schema["maximum"], self._most_mm * self._chance.choice([0.1, 1]))
            if name == "widthMm"
            else schema["maximum"]
        )
        value = self._between(schema["minimum"], most)
        return str(round(value)) if schema["type"] == "integer" else repr(value)

    def _between(self, least: float, most: float) -> float:
        """A bound, or a number between; small ones as often as large ones."""
        way = self._chance.random()
        if way < 0.15:
            return float(self._chance.choice([least, most]))
        if way < 0.5 or least <= 0:
            return self._chance.uniform(least, most)
        return math.exp(self._chance.uniform(math.log(least), math.log(most)))


def _agree(query: dict[str, str]) -> None:
    """Change what excludes each other, as most callers would."""
    if query.get("artwork") == "true":
        query["format"] = "pdf"
    if query.get("format", "png") == "png" and "space" in query:
        query["space"] = "srgb"
    if query.get("underbase") == "spot":
        query |= {"format": "tiff", "space": "cmyk"}
