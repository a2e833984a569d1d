# SPDX-License-Identifier: MIT
"""Which kernels other libraries should take for the processor that a program of ours runs on."""


def best_kernels(simd):
    """Variables of the environment for the vectors of a program, as xsimd names them: kernels for the
    same instructions, which the processor has, since the program ran. None where the libraries choose
    well by themselves; OpenBLAS 0.3.21 takes AVX2 for AVX-512 on processors newer than itself. PyTorch
    has two pools of threads that wait by spinning, and on two cores are in each other's way: asleep they
    make its steps up to three times faster."""
    quiet = {"OMP_WAIT_POLICY": "passive"}
    if simd.startswith("avx512"):
        return {"OPENBLAS_CORETYPE": "SkylakeX", **quiet}
    if "avx2" in simd:
        return {"OPENBLAS_CORETYPE": "Haswell", "ATEN_CPU_CAPABILITY": "avx2",
                "ONEDNN_MAX_CPU_ISA": "AVX2", **quiet}
    return quiet
