"""A customer's postal addresses."""

from services.api.accounts import rules, schemas
from services.api.dependencies import Dependencies
from services.api.middleware import auth
from shared import errors
from shared.db import customers, postal_addresses

_MOST = 50


def list_addresses(deps: Dependencies) -> schemas.AddressList:
    """List addresses.

    Lists the customer's own addresses, newest first.
    """
    with deps.database.transaction() as connection:
        found = postal_addresses.of_customer(connection, auth.customer().id)
    return schemas.AddressList(items=[schemas.AddressOut.of(address) for address in found])


def add_address(deps: Dependencies, body: schemas.AddressIn) -> schemas.AddressOut:
    """Add address.

    Adds an address, of at most 50. `country` is a code such as `DE`; its postal codes are checked where they have a
    known form.
    """
    rules.require_postal(body.country, body.postal_code, body.region)
    customer = auth.customer()
    with deps.database.transaction() as connection:
        customers.find(connection, customer.id, lock=True)
        if len(postal_addresses.of_customer(connection, customer.id)) >= _MOST:
            raise errors.InvalidRequest("You have 50 addresses; delete one first.")
        return schemas.AddressOut.of(postal_addresses.add(connection, customer.id, body.model_dump()))


def remove_address(deps: Dependencies, path: schemas.AddressPath) -> None:
    """Delete address.

    Deletes one of the customer's addresses.
    """
    with deps.database.transaction() as connection:
        if not postal_addresses.remove(connection, auth.customer().id, path.address_id):
            raise errors.NotFound
