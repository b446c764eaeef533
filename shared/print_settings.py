"""Settings of what is made for printers, for the api and the worker."""

from pathlib import Path
from typing import Annotated

from pydantic import DirectoryPath, Field

from shared import settings

_SpotName = Annotated[str, Field(pattern=r"^[!-~]([ -~]{0,61}[!-~])?$")]  # what PDF and Photoshop can both hold


class Printing(settings.EnvSettings):
    """What printers need: profiles `<name>.icc`, and the name that the printer's program knows the white ink by."""

    icc_profiles: DirectoryPath | None = Field(None, validation_alias="ICC_PROFILES")
    data_dir: Path = Field(Path("data"), validation_alias="DATA_DIR")
    spot_white: _SpotName = Field("White", validation_alias="SPOT_WHITE")
    spot_cut: _SpotName = Field("CutContour", validation_alias="SPOT_CUT")

    @property
    def profiles(self) -> Path:
        """The folder of profiles, which need not exist."""
        return self.icc_profiles or self.data_dir / "profiles"
