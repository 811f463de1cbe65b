"""Real errors, raised by real libraries, with the root cause that each of them has.

``ROOT_CAUSES`` maps a root cause to the ways in which it shows: each is a function that raises,
reached by a path of its own or with values of its own. They are the truth that grouping is
measured against.
"""

from __future__ import annotations

from tests.corpus import data_frames, inference, learning, network, platform, serving
from tests.corpus.causes import RootCauses

ROOT_CAUSES: RootCauses = {
    **learning.ROOT_CAUSES,
    **data_frames.ROOT_CAUSES,
    **inference.ROOT_CAUSES,
    **network.ROOT_CAUSES,
    **platform.ROOT_CAUSES,
    **serving.ROOT_CAUSES,
}
