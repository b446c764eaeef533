"""Special-purpose addresses are refused; public ones are allowed."""

from ipaddress import ip_address, ip_network

import pytest

from shared import ip_guard

# The special-purpose registries, multicast and reserved space, and one address of a cloud that is in no registry.
BLOCKS = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
    *("192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24"),
    *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32"),
    "168.63.129.16/32",
    *("::1/128", "::/128", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64"),
    *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7"),
    *("fe80::/10", "fec0::/10", "ff00::/8"),
)
SPECIAL = tuple(str(ip_network(block)[place]) for block in BLOCKS for place in (0, -1))
PUBLIC = ("1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "172.32.0.0", "192.0.1.0", "223.255.255.255")
PUBLIC_SIX = ("2001:200::1", "2606:4700:4700::1111", "2a00:1450:4001::1", "2003::1", "3ffe::1")


@pytest.mark.parametrize("text", dict.fromkeys(SPECIAL))
def test_a_special_address_is_not_public(text: str) -> None:
    assert not ip_guard.public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC + PUBLIC_SIX)
def test_an_address_next_to_a_special_block_is_public(text: str) -> None:
    assert ip_guard.public(ip_address(text))


@pytest.mark.parametrize(
    "text", ["192.0.2", "192.0.2.1.1", "0300.0.2.1", "3221225985", "0xc0000201", "fe80::1%eth0", "", "name", "1.1.1.1 "]
)
def test_only_the_canonical_form_is_an_address(text: str) -> None:
    assert ip_guard.parsed(text) is None
