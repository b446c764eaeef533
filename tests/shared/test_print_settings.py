"""Settings of prints: where profiles lie, and names of spots that every format can hold."""

from pathlib import Path

import pytest

from shared import settings
from shared.print_settings import Printing


def test_profiles_lie_beside_the_other_data_unless_a_folder_is_named(tmp_path: Path) -> None:
    assert Printing.read({"DATA_DIR": "/srv/shop"}).profiles == Path("/srv/shop/profiles")
    assert Printing.read({"DATA_DIR": "/srv/shop", "ICC_PROFILES": str(tmp_path)}).profiles == tmp_path


def test_a_named_folder_must_exist(tmp_path: Path) -> None:
    with pytest.raises(settings.Invalid, match="ICC_PROFILES"):
        Printing.read({"ICC_PROFILES": str(tmp_path / "missing")})


@pytest.mark.parametrize("name", ["White", "RDG_WHITE", "Spot 1 (matt)"])
def test_a_spot_has_the_name_given(name: str) -> None:
    assert Printing.read({"SPOT_WHITE": name}).spot_white == name


@pytest.mark.parametrize("name", [" White", "White ", "Weiß", "a\nb", "x" * 64])
def test_a_name_that_a_format_cannot_hold_is_refused(name: str) -> None:
    with pytest.raises(settings.Invalid, match="SPOT_WHITE"):
        Printing.read({"SPOT_WHITE": name})
