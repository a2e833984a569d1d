# SPDX-License-Identifier: MIT
"""A key of zeros, that is no position, with a learned value."""
from torch_parts import extra_key


@extra_key("value")
def value_bias(w):
    return None, w("extra_value.weight")
