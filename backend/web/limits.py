"""How many wrong passwords are too many. Counted in the memory of the one process that serves the pages."""

import hashlib
import ipaddress
import threading
import time
from collections import defaultdict, deque

WINDOW_SECONDS = 300.0
OF_ONE_PAIR = 5
"""Wrong passwords for one account from one address."""
OF_ONE_ADDRESS = 30
"""From one address for whichever accounts: a department may stand behind one."""
OF_ONE_ACCOUNT = 100
"""For one account from whichever addresses; does not hold up an address that got in before."""
MOST_KEYS = 10_000


class WrongPasswords:
    """Wrong passwords of the last minutes, by account and address; nobody can lock out somebody else for good."""

    def __init__(self) -> None:
        self._times: defaultdict[str, deque[float]] = defaultdict(deque)
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def too_many(self, account: str, address: str | None) -> bool:
        """Whether this address has to wait before it tries this account again."""
        pair, place, everywhere = _keys(account, address)
        with self._lock:
            unknown = pair not in self._known
            return (
                self._count(pair) >= OF_ONE_PAIR
                or self._count(place) >= OF_ONE_ADDRESS
                or (unknown and self._count(everywhere) >= OF_ONE_ACCOUNT)
            )

    def add(self, account: str, address: str | None) -> None:
        with self._lock:
            if len(self._times) > MOST_KEYS:
                self._forget_old()
            for key in _keys(account, address):
                self._times[key].append(time.monotonic())

    def got_in(self, account: str, address: str | None) -> None:
        """Forgets the wrong passwords of this account from this address, which is known from now on."""
        pair, _, _ = _keys(account, address)
        with self._lock:
            self._times.pop(pair, None)
            self._known.add(pair)

    def _count(self, key: str) -> int:
        times = self._times.get(key, deque())
        while times and times[0] < time.monotonic() - WINDOW_SECONDS:
            times.popleft()
        return len(times)

    def _forget_old(self) -> None:
        for key in list(self._times):
            if not self._count(key):
                del self._times[key]


def _keys(account: str, address: str | None) -> tuple[str, str, str]:
    """The pair, the address, the account; hashed, since what is typed as an account may be long, or a password."""
    place = _network(address)
    names = (f"pair {account} {place}", f"address {place}", f"account {account}")
    pair, alone, everywhere = (hashlib.sha256(name.encode()).hexdigest() for name in names)
    return pair, alone, everywhere


def _network(address: str | None) -> str:
    """Whoever has one IPv6 address has the 2⁶⁴ beside it."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return address or ""
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
