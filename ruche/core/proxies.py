"""Who really asks: what a trusted proxy says, and nobody else."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

Network = IPv4Network | IPv6Network

FORWARDED = b"x-forwarded-"
# Daphne takes its root path from this header, whoever sends it: links of pages would follow it.
DROPPED = frozenset((b"forwarded", b"daphne-root-path"))


def networks(addresses: list[str]) -> tuple[Network, ...]:
    """Read addresses and networks ("127.0.0.1", "10.0.0.0/8"). ValueError for anything else."""
    return tuple(ip_network(address.strip(), strict=False) for address in addresses)


def is_within(address: str, trusted: tuple[Network, ...]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(mapped in network for network in trusted)


def as_seen_by_us(scope: dict[str, Any], trusted: tuple[Network, ...]) -> dict[str, Any]:
    """
    Return the scope of a request with the client's address, scheme and host.

    ``X-Forwarded-For``, ``-Proto`` and ``-Host`` count only from a trusted
    proxy; all of them, and any header whose name has an underscore (it would
    pass for another one in META), are dropped then.
    """
    said: dict[bytes, list[bytes]] = {}
    headers: list[tuple[bytes, bytes]] = []
    for name, value in scope.get("headers", []):
        name = name.lower()
        if name.startswith(FORWARDED):
            said.setdefault(name, []).append(value)
        elif b"_" not in name and name not in DROPPED:
            headers.append((name, value))
    seen = {**scope, "headers": headers, "root_path": ""}
    client = scope.get("client")
    if client is None or not is_within(client[0], trusted):
        return seen
    seen["client"] = [_first_stranger(said, client[0], trusted), client[1]]
    proto = _last(said.get(b"x-forwarded-proto"))
    if proto in (b"http", b"https"):
        secure = proto == b"https"
        if scope["type"] == "websocket":
            seen["scheme"] = "wss" if secure else "ws"
        else:
            seen["scheme"] = "https" if secure else "http"
    host = _last(said.get(b"x-forwarded-host"))
    if host:
        seen["headers"] = [header for header in headers if header[0] != b"host"]
        seen["headers"].append((b"host", host))
    return seen


def _last(values: list[bytes] | None) -> bytes:
    """The nearest proxy writes last."""
    return values[-1].split(b",")[-1].strip() if values else b""


def _first_stranger(said: dict[bytes, list[bytes]], peer: str, trusted: tuple[Network, ...]) -> str:
    """Return the last address of the chain that is no proxy of ours; further ones may be lies."""
    chain = b",".join(said.get(b"x-forwarded-for", [])).decode("latin-1").split(",")
    for address in reversed([part.strip() for part in chain]):
        try:
            ip_address(address)
        except ValueError:
            return peer
        if not is_within(address, trusted):
            return address
        peer = address
    return peer
