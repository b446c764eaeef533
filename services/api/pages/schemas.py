"""The request parameters of the pages."""

from services.api.schemas import ApiModel


class FilePath(ApiModel):
    name: str
