"""Give Kibana's own user its password: ``python deploy/kibana_password.py``.

``ELKHOUND_STORE`` names the cluster, ``ELKHOUND_USERNAME`` and ``ELKHOUND_PASSWORD`` a user who may
do this, and ``KIBANA_PASSWORD`` the password. Safe to run again.
"""

from __future__ import annotations

import os
import sys

from analyzers.stores.base import StoreError
from analyzers.stores.connecting import connect, explained

USER = "kibana_system"


def main() -> None:
    """Set the password."""
    try:
        store, password = os.environ["ELKHOUND_STORE"], os.environ["KIBANA_PASSWORD"]
    except KeyError as error:
        sys.exit(f"set {error.args[0]}")
    try:
        with connect(store) as client, explained(store):
            client.security.change_password(username=USER, password=password)
    except StoreError as error:
        sys.exit(str(error))
    print(f"{USER} has its password")


if __name__ == "__main__":
    main()
