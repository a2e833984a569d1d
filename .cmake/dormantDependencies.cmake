# SPDX-License-Identifier: MIT
# What the library stands on: Debian 12's versions up to the newest it was built with. Read by
# CMakeLists.txt and, installed, by find_package(dormant). A project that has made the targets
# itself, say by FetchContent, is not asked for the package.

set(dormant_NOT_FOUND_MESSAGE "")
include(CMakeFindDependencyMacro)
if(NOT TARGET xtensor)
  find_dependency(xtensor 0.24...<0.28)
endif()
if(NOT TARGET Boost::headers)
  find_dependency(Boost 1.74)
endif()
if(NOT TARGET nlohmann_json::nlohmann_json)
  find_dependency(nlohmann_json 3.11)
endif()
find_dependency(Threads)

# xsimd's own version file refuses every range over several major versions, and xtensor's package
# may have found it already, without asking for any.
if(NOT TARGET xsimd)
  find_dependency(xsimd)
endif()
if(xsimd_VERSION AND (xsimd_VERSION VERSION_LESS 8.1 OR xsimd_VERSION VERSION_GREATER_EQUAL 15))
  set(dormant_NOT_FOUND_MESSAGE
    "xsimd 8.1 to 14 is needed, but ${xsimd_DIR} has ${xsimd_VERSION}")
endif()

find_path(RANDOM123_INCLUDE_DIR Random123/philox.h)
mark_as_advanced(RANDOM123_INCLUDE_DIR)
if(NOT RANDOM123_INCLUDE_DIR)
  set(dormant_NOT_FOUND_MESSAGE
    "Random123/philox.h was not found; install it or set RANDOM123_INCLUDE_DIR")
endif()
