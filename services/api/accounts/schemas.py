"""Requests and responses of accounts."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, ConfigDict, Field

from services.api import examples
from services.api.schemas import ApiModel, BodyModel, Items, Name, ResponseModel, Time, bounded
from shared.models.address import Address
from shared.models.customer import Role, Session

_LINE = r"^[^\x00-\x1f\x7f]*$"
_FILLED = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
_FILLED = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"


def _email(typed: str) -> str:
    """The address as mail servers take it: its domain in ASCII and small letters."""
    try:
        found = validate_email(typed, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None
    assert found.ascii_email is not None  # without SMTPUTF8 there is one
    return found.ascii_email


Email = Annotated[str, Field(max_length=254, json_schema_extra={"format": "email"}), AfterValidator(_email)]
Password = Annotated[str, Field(min_length=1, max_length=200)]
MailedToken = Annotated[str, Field(min_length=1, max_length=100)]
Line = Annotated[str, Field(max_length=100, pattern=_LINE)]
FilledLine = Annotated[str, Field(min_length=1, max_length=100, pattern=_FILLED)]
_ANN, _PASSWORD, _TOKEN = "ann@example.com", "correct horse battery", "TOKEN"


class Registration(BodyModel):
    model_config = ConfigDict(json_schema_extra=examples.body(email=_ANN, password=_PASSWORD, name="Ann"))

    email: Email
    password: Password
    name: Line = ""


class Credentials(BodyModel):
    model_config = ConfigDict(json_schema_extra=examples.body(email=_ANN, password=_PASSWORD))

    email: Email
    password: Password


class Confirmation(BodyModel):
    model_config = ConfigDict(json_schema_extra=examples.body(token=_TOKEN))

    token: MailedToken


class MailRequest(BodyModel):
    model_config = ConfigDict(json_schema_extra=examples.body(email=_ANN))

    email: Email


class NewPassword(BodyModel):
    model_config = ConfigDict(json_schema_extra=examples.body(token=_TOKEN, password=_PASSWORD))

    token: MailedToken
    password: Password


class AccountChange(BodyModel):
    """What is left out stays. A new address or password needs the `currentPassword`, if there is one."""

    model_config = ConfigDict(json_schema_extra=examples.body(name="Ann Lee"))

    name: Line | None = None
    email: Email | None = None
    password: Password | None = None
    current_password: Password | None = None


class RoleChange(BodyModel):
    model_config = ConfigDict(json_schema_extra=examples.body(email=_ANN, role="customer"))

    email: Email
    role: Annotated[Role, Field(strict=False)]


class RoleOut(ResponseModel):
    email: Name
    role: Role


class MailRequested(ResponseModel):
    """Empty, whether or not there is an account: only the mail tells."""


class CustomerOut(ResponseModel):
    """A customer without a password signs in by links in mails."""

    id: UUID
    email: Annotated[str, bounded(maxLength=254)]
    name: Name
    role: Role
    has_password: bool
    created_at: Time


class SessionOut(ResponseModel):
    """`agent` is how the browser or client names itself, `current` the one that asks."""

    names: ClassVar[Mapping[str, str]] = {"session_id": "id"}

    id: UUID
    agent: Name
    created_at: Time
    seen_at: Time
    expires_at: Time
    current: bool

    @classmethod
    def of(cls, session: Session, current: UUID) -> Self:
        return cls.from_row(session, current=session.id == current)


class SessionList(ResponseModel):
    items: Items[SessionOut]


class SessionPath(ApiModel):
    session_id: UUID


class AddressIn(BodyModel):
    model_config = ConfigDict(
        json_schema_extra=examples.body(
            name="Ann Lee", line1="1 Main Street", city="Springfield", region="IL", postalCode="62701", country="US"
        )
    )

    name: FilledLine
    line1: FilledLine
    line2: Line = ""
    city: FilledLine
    region: Line = ""
    postal_code: Annotated[str, Field(max_length=16, pattern=_LINE)] = ""
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    phone: Annotated[str, Field(max_length=30, pattern=_LINE)] = ""


class AddressOut(ResponseModel):
    names: ClassVar[Mapping[str, str]] = {"address_id": "id"}

    id: UUID
    name: Name
    line1: Name
    line2: Name
    city: Name
    region: Name
    postal_code: Name
    country: Name
    phone: Name
    created_at: Time

    @classmethod
    def of(cls, address: Address) -> Self:
        return cls(id=address.id, created_at=address.created_at, **address.fields)


class AddressList(ResponseModel):
    items: Items[AddressOut]


class AddressPath(ApiModel):
    address_id: UUID


Row = Annotated[dict[str, Any], bounded(description="The columns of a row.")]


class DataExport(ResponseModel):
    """Everything that is stored about a customer.

    `records` are rows by table; the `url` of a picture, and of an order's copy of one, lasts for one to two hours.
    """

    customer: CustomerOut
    sessions: Items[SessionOut]
    addresses: Items[AddressOut]
    records: dict[str, Annotated[list[Row], bounded(maxItems=1_000_000)]]
