// SPDX-License-Identifier: MIT
// The only place that includes xsimd, so that what its releases and compilers need is said once.
#pragma once

#include "dormant/detail/arithmetic.hpp"

// g++ 12 warns of its own AVX-512 intrinsics, whose "undefined" vectors begin as themselves
// (GCC bug 105593). It looks for the pragma where the intrinsics are
// defined, not where they are used.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <xsimd/xsimd.hpp>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
