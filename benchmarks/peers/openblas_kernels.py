# SPDX-License-Identifier: MIT
"""Which of its kernels OpenBLAS should take: an old one does not know a new processor."""


def core_type():
    """The value of OPENBLAS_CORETYPE for this processor, None to leave the choice to OpenBLAS."""
    try:
        with open("/proc/cpuinfo") as cpuinfo:
            flags = next((line.split() for line in cpuinfo if line.startswith("flags")), [])
    except OSError:
        return None
    if "avx512f" in flags and "avx512vl" in flags:
        return "SkylakeX"
    return "Haswell" if "avx2" in flags and "fma" in flags else None
