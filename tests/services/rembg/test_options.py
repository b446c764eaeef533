"""Options: what each field means, and that nothing beyond its bounds is let in."""

import pytest

from services.rembg import options
from services.rembg.options import Matting, Options, Output
from shared.errors import InvalidRequest
from shared.models.cutout import Method, Transparency
from shared.models.rendering import Format


def test_nothing_asked_for_is_a_plain_cutout() -> None:
    assert (
        options.read({})
        == options.read({"format": "", "crop": " "})
        == options.read_rembg_server({}, "u2netp")
        == Options()
    )


def test_every_field_has_its_meaning() -> None:
    fields = {
        "format": "webp",
        "output": "mask",
        "bgcolor": "#f00",
        "crop": "true",
        "crop_margin": "5% 20px",
        "matting": "1",
        "decontaminate": "0",
        "second_pass": "off",
        "transparency": "KEEP",
        "method": "flat",
    }
    asked = options.read(fields)
    assert (asked.format, asked.output, asked.background) == (Format.WEBP, Output.MASK, (255, 0, 0, 255))
    assert asked.margins == ((5, "%"), (20, "px"), (5, "%"), (20, "px"))
    assert asked.matting == Matting()
    assert not asked.decontaminate
    assert not asked.second_pass
    assert (asked.transparency, asked.method) == (Transparency.KEEP, Method.FLAT)
    assert options.read({}).decontaminate


@pytest.mark.parametrize(
    ("given", "wanted"), [("jpeg", Format.JPG), ("JPEG", Format.JPG), ("Png", Format.PNG), ("WEBP", Format.WEBP)]
)
def test_formats_are_read_as_people_write_them(given: str, wanted: Format) -> None:
    assert options.read({"format": given}).format is wanted


def test_an_unknown_option_is_refused_by_name() -> None:
    with pytest.raises(InvalidRequest, match="bg_color") as refused:
        options.read({"bg_color": "red"})
    assert refused.value.details == {"field": "bg_color"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("format", "gif"),
        ("output", "both"),
        ("bgcolor", "12345"),
        ("bgcolor", "256,0,0"),
        ("bgcolor", "rgb(300, 0, 0)"),
        ("bgcolor", "no such colour"),
        ("transparency", "yes"),
        ("method", "magic"),
        ("bgcolor", "1,2"),
        ("bgcolor", "1,2,3,4,5"),
        ("crop", "maybe"),
        ("crop_margin", "501px"),
        ("crop_margin", "51%"),
        ("crop_margin", "1 2 3"),
        ("crop_margin", "-1"),
        ("matting", "2"),
        ("decontaminate", "red"),
    ],
)
def test_what_is_out_of_bounds_is_refused_with_its_name(field: str, value: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        options.read({field: value})
    assert refused.value.details == {"field": field}


def test_the_peers_fields_mean_what_they_mean_there() -> None:
    asked = options.read_rembg_server(
        {
            "a": "true",
            "af": "200",
            "ab": "20",
            "ae": "5",
            "om": "true",
            "ppm": "1",
            "bgc": "9,8,7,6",
            "model": "u2netp",
        },
        "u2netp",
    )
    assert asked.matting == Matting(200, 20, 5)
    assert (asked.output, asked.smooth, asked.background) == (Output.MASK, True, (9, 8, 7, 6))


@pytest.mark.parametrize(("field", "value"), [("ae", "99999"), ("ae", "41"), ("af", "256"), ("ab", "-1"), ("ab", "²")])
def test_the_peers_numbers_are_bounded(field: str, value: str) -> None:
    with pytest.raises(InvalidRequest):
        options.read_rembg_server({"a": "true", field: value}, "u2netp")


def test_the_peers_clients_choose_the_colours_at_the_edge() -> None:
    assert not options.read_rembg_server({"dc": "false", "vm": "false", "extras": "{}"}, "u2netp").decontaminate
    assert options.read_rembg_server({"dc": "true"}, "u2netp").decontaminate


@pytest.mark.parametrize(("field", "value"), [("vm", "true"), ("extras", '{"foreground_threshold": 1}')])
def test_what_only_the_peer_can_is_refused_by_name(field: str, value: str) -> None:
    with pytest.raises(InvalidRequest, match=f"{field}: this service has no such option"):
        options.read_rembg_server({field: value}, "u2netp")


def test_no_other_network_can_be_asked_for() -> None:
    with pytest.raises(InvalidRequest, match="this service runs compact"):
        options.read_rembg_server({"model": "u2net"}, "compact")
