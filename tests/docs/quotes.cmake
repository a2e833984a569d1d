# SPDX-License-Identifier: MIT
# A ```cpp block of the README holds a program byte for byte.
# Usage: cmake -D readme=FILE -D program=FILE -P quotes.cmake

# As hexadecimal digits, because CMake lists would trip over `;`, `[` and `]`.
file(READ "${readme}" page HEX)
file(READ "${program}" code HEX)
string(HEX "```cpp\n" opening)
string(HEX "```\n" closing)
string(FIND "${page}" "${opening}${code}${closing}" position)
if(position EQUAL -1)
  message(FATAL_ERROR "${readme} does not quote ${program} byte for byte in a ```cpp block")
endif()
