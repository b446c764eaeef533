"""The options of a cut-out: in a query, a form, beside a picture in JSON, and of a job."""

from collections.abc import Mapping
from dataclasses import fields
from functools import partial
from operator import eq
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from services.api import examples
from services.api.assets.schemas import UploadForm
from services.api.middleware.upload_parser import InlinePicture, LinkedPicture
from services.api.schemas import FROM_TEXT, BodyModel, RequestModel
from shared.images import colours
from shared.models.cutout import OF_FILES, Method, Provider, Transparency
from shared.models.rendering import MARGINS, NO_MARGINS, Colour, Format, Margins, Rendering, Size, margins

MAX_DPI = 9600  # of imagesetters; a JPEG can state 65,535
COLOUR = (
    r"^(#?([0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})|[a-zA-Z]{3,20}"
    r"|rgb\( *[0-9]{1,3} *, *[0-9]{1,3} *, *[0-9]{1,3} *\))$"
)
_RENDERING = frozenset(field.name for field in fields(Rendering))


def _colour(given: object) -> Colour:
    return colours.parse(given if isinstance(given, str) else "")


def _margins(given: object) -> Margins:
    return margins(given if isinstance(given, str) else "")


def _option(default: Any, description: str, **facts: Any) -> Any:
    """A field that is left out of what identifies a repeated request as long as nothing is chosen.

    So a request that an earlier release received can be repeated with its Idempotency-Key.
    """
    return Field(default, description=description, exclude_if=partial(eq, default), **facts)


_ColourText = Annotated[Colour, BeforeValidator(_colour), WithJsonSchema({"type": "string", "pattern": COLOUR})]
_DIGIT = {"type": "integer", "minimum": 0, "maximum": 1}
_Switch = Annotated[bool, WithJsonSchema({"anyOf": [{"type": "boolean"}, _DIGIT]})]  # in a form, where all is text
_MarginsText = Annotated[Margins, BeforeValidator(_margins), WithJsonSchema({"type": "string", "pattern": MARGINS})]


class CutoutOptions(RequestModel):
    """How to cut out, and what file to make of the cut-out.

    `transparency`, `method`, `decontaminate` and `matting` decide the cut-out, the others only the file: cropped first,
    then made smaller, then put on a background.
    """

    transparency: Annotated[Transparency, FROM_TEXT] = Field(
        Transparency.AUTO,
        description="Whether the picture's own transparency is kept, ignored, or kept where it plainly is a cut-out's.",
    )
    method: Annotated[Method, FROM_TEXT] = Field(
        Method.AUTO,
        description="By colour (`flat`) for logos on a flat background, by the network, or by the one that fits.",
    )
    decontaminate: bool = Field(True, description="Remove the background's share from the colours at the edge.")
    matting: bool = _option(False, "Refine the edge of hair and threads.")
    format: Annotated[Format, FROM_TEXT] = _option(
        Format.PNG, "`auto` is `jpg` where nothing is transparent, else `png`. A `jpg` without a background is white."
    )
    size: Annotated[Size, FROM_TEXT] = _option(
        Size.FULL, "At most 0.25 (`preview`), 1.5 (`medium`) or 4 (`hd`) megapixels. Nothing is enlarged."
    )
    crop: bool = _option(False, "Crop to the subject and `cropMargin`.")
    crop_margin: _MarginsText = _option(
        NO_MARGINS,
        "1, 2 or 4 margins as in CSS, in pixels or percent of the subject, such as `5% 20px`; at most 500px or 50%.",
        json_schema_extra={"default": "0"},
    )
    bg_color: _ColourText | None = _option(
        None, "The background: a CSS name, hexadecimal digits (with alpha: 4 or 8) or `rgb(255, 99, 71)`."
    )
    bg_asset: Annotated[UUID, FROM_TEXT] | None = _option(
        None, "The background, over `bgColor`: the id of a picture of yours, which fills the file from its middle."
    )
    dpi: int | None = _option(
        None, "Pixels per inch that the file states; if absent, what the picture states.", ge=1, le=MAX_DPI
    )

    def input(self, provider: Provider | None = None) -> dict[str, Any]:
        """The job's input: what was chosen, in the form that `CutoutInput` reads."""
        given = self.model_dump(mode="json", exclude_defaults=True)
        rendering = {name: given.pop(name) for name in _RENDERING & given.keys()}
        named = {"rendering": rendering, "provider": provider}
        return given | {name: value for name, value in named.items() if value}


def chosen(stored: Mapping[str, Any]) -> dict[str, Any]:
    """What was chosen for a job, from its input, as JobOptions reads it."""
    rendering = dict(stored.get("rendering", {}))
    if colour := rendering.get("bg_color"):
        rendering["bg_color"] = f"#{bytes(colour).hex()}"
    if sides := rendering.get("crop_margin"):
        rendering["crop_margin"] = " ".join(f"{amount}{unit}" for amount, unit in sides)
    named = {**stored, **rendering}
    return {to_camel(name): value for name, value in named.items() if name not in ("provider", *OF_FILES)}


class JobOptions(BodyModel, CutoutOptions):
    __doc__ = CutoutOptions.__doc__


class InlineCutout(InlinePicture, JobOptions):
    """A picture in base64, or a `data:` URL of it, and the options of its cut-out."""

    model_config = ConfigDict(
        json_schema_extra=examples.body(
            image=examples.PICTURE, format="jpg", crop=True, cropMargin="5%", bgColor="#fff"
        )
    )


class LinkedCutout(LinkedPicture, JobOptions):
    """The URL of a picture, and the options of its cut-out."""


class CutoutForm(CutoutOptions, UploadForm):
    """A picture, and the options of its cut-out."""

    in_json: ClassVar[tuple[str, tuple[type[BodyModel], ...]]] = ("CutoutIn", (InlineCutout, LinkedCutout))

    decontaminate: _Switch = Field(True, description=CutoutOptions.model_fields["decontaminate"].description)
    matting: _Switch = Field(False, description=CutoutOptions.model_fields["matting"].description)
    crop: _Switch = Field(False, description=CutoutOptions.model_fields["crop"].description)
