// SPDX-License-Identifier: MIT
// Flags under which the library would silently not do what it promises are refused; a build that
// leaves the speed of the machine unused is told so.
#pragma once

// Finite-math flags let the compiler take out every check for NaN; the others change the order of
// sums, and so the bits. Whoever wants that puts an empty file, dormant/allow_fast_math, into a
// folder of the include path, where all of a program sees it.
#if (defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) ||                                    \
     (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0)) &&                               \
    !__has_include(<dormant/allow_fast_math>)
#error                                                                                             \
    "dormant: -ffast-math, -Ofast and the like take out the checks for NaN and change the bits of results; compile without them, or put an empty file dormant/allow_fast_math on the include path to do without these promises"
#endif

#if (defined(__x86_64__) || defined(__i386__)) && !defined(__FMA__) && !__has_include(<dormant/allow_no_fma>)
#pragma message(                                                                                   \
    "dormant: this build does not use FMA, which any x86 machine since 2013 has and which makes training up to eight times faster with the registers that come with it: compile with -march=native, or with -march=x86-64-v3 for other machines too; an empty file dormant/allow_no_fma on the include path takes this note away")
#endif
