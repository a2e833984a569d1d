# SPDX-License-Identifier: MIT
# Builds and runs the consumer, main.cpp and other.cpp, in one of the ways to use the library.
# Usage: cmake -D way=NAME -D source=FOLDER -D build=FOLDER -D folder=SCRATCH -D compiler=FILE
#        -D generator=NAME -D warnings=FLAGS -D prefixes=LIST -D includes=LIST -P check.cmake

cmake_policy(VERSION 3.25)
set(here ${CMAKE_CURRENT_LIST_DIR})
set(prefix ${folder}/prefix)
file(REMOVE_RECURSE ${folder})
file(MAKE_DIRECTORY ${folder})

# Where the libraries that ours stands on are, other than where every compiler looks.
list(REMOVE_DUPLICATES includes)
list(FILTER includes EXCLUDE REGEX "^${source}/include$|^/usr/include$|NOTFOUND|^$")
list(TRANSFORM includes PREPEND "-isystem" OUTPUT_VARIABLE others)

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(install_library)
  execute_process(COMMAND ${CMAKE_COMMAND} --install ${build} --prefix ${prefix}
    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(build_project)
  list(APPEND prefixes ${prefix})
  execute_process(COMMAND ${CMAKE_COMMAND} -S ${here}/${way} -B ${folder}/build -G ${generator}
      "-DCMAKE_PREFIX_PATH=${prefixes}" -DCMAKE_CXX_COMPILER=${compiler}
      -DDORMANT_SOURCE=${source} -DFETCHCONTENT_SOURCE_DIR_DORMANT=${source}
      "-DCMAKE_CXX_FLAGS=${ARGV0}"
    COMMAND_ERROR_IS_FATAL ANY)
  run(${CMAKE_COMMAND} --build ${folder}/build)
endfunction()

function(build_by_hand)
  file(MAKE_DIRECTORY ${folder}/build)
  run(${compiler} -std=c++20 ${ARGV} ${here}/main.cpp ${here}/other.cpp
    -pthread -o ${folder}/build/consumer)
endfunction()

if(way STREQUAL "unknown_version")
  # An xsimd newer than we know is refused with a sentence, however the library is used.
  install_library()
  file(WRITE ${folder}/xsimd/xsimdConfig.cmake "add_library(xsimd INTERFACE IMPORTED)\n")
  file(WRITE ${folder}/xsimd/xsimdConfigVersion.cmake
    "set(PACKAGE_VERSION 15.0.0)\nset(PACKAGE_VERSION_COMPATIBLE TRUE)\n")
  list(APPEND prefixes ${prefix})
  foreach(project IN ITEMS find_package add_subdirectory)
    execute_process(COMMAND ${CMAKE_COMMAND} -S ${here}/${project} -B ${folder}/${project}
        -G ${generator} "-DCMAKE_PREFIX_PATH=${prefixes}" -DCMAKE_CXX_COMPILER=${compiler}
        -DDORMANT_SOURCE=${source} -Dxsimd_DIR=${folder}/xsimd
      RESULT_VARIABLE result OUTPUT_QUIET ERROR_VARIABLE text)
    string(REGEX REPLACE "[ \n]+" " " text "${text}")
    if(result STREQUAL "0" OR NOT text MATCHES "xsimd 8.1 to 14 is needed, but [^ ]+ has 15.0.0")
      message(FATAL_ERROR "${project} does not refuse xsimd 15: ${text}")
    endif()
  endforeach()
  return()
endif()

if(way STREQUAL "optimized")
  # Some warnings come from the optimizer only, and from some machines' instructions only. AVX-512 can
  # be compiled for on any x86, but run on some, so nothing is run.
  file(READ ${source}/CMakePresets.json presets)
  string(JSON plain GET "${presets}" configurePresets 0 environment warnings)
  separate_arguments(flags UNIX_COMMAND "${plain}")
  set(machines native)
  cmake_host_system_information(RESULT processor QUERY OS_PLATFORM) # a script is told no other way
  if(processor MATCHES "x86_64|AMD64")
    list(APPEND machines skylake-avx512)
  endif()
  foreach(file IN ITEMS ${source}/examples/01_hello.cpp ${here}/in_double.cpp)
    foreach(machine IN LISTS machines)
      run(${compiler} -std=c++20 -O2 -march=${machine} ${flags} -Werror -I${source}/include ${others}
        -c ${file} -o ${folder}/object.o)
    endforeach()
  endforeach()
  return()
endif()

if(way STREQUAL "sanitized")
  # g++ takes fewer expressions for constants while it watches for undefined behaviour.
  foreach(sanitizers IN ITEMS address,undefined thread)
    run(${compiler} -std=c++20 -O1 -g -march=native -fsanitize=${sanitizers}
      -fno-sanitize-recover=all -I${source}/include ${others} ${here}/in_threads.cpp
      -pthread -o ${folder}/${sanitizers})
    execute_process(COMMAND ${folder}/${sanitizers} RESULT_VARIABLE result ERROR_VARIABLE text)
    if(text MATCHES "unexpected memory mapping") # before main, where the kernel scatters addresses widely
      message(STATUS "this ${sanitizers} sanitizer does not run on this kernel")
    elseif(result)
      message(FATAL_ERROR "the ${sanitizers} sanitizer objects: ${result}\n${text}")
    endif()
  endforeach()
  return()
endif()

if(way STREQUAL "find_package")
  install_library()
  build_project("")
elseif(way STREQUAL "add_subdirectory")
  build_project("${warnings} -Werror")
  # The project installs nothing, so neither does the library inside it.
  run(${CMAKE_COMMAND} --install ${folder}/build --prefix ${prefix})
  if(EXISTS ${prefix})
    message(FATAL_ERROR "the library installs itself with the project around it")
  endif()
elseif(way STREQUAL "fetch_content")
  build_project("${warnings} -Werror -Wpadded") # SYSTEM: a warning we do not heed does not show
elseif(way STREQUAL "include_path")
  # Every header of the library, also those that the two files do not need.
  file(GLOB_RECURSE headers RELATIVE ${source}/include ${source}/include/*.hpp)
  list(FILTER headers EXCLUDE REGEX "dormant/mpi/") # which may not be installed
  list(TRANSFORM headers REPLACE "(.+)" "#include <\\1>\n")
  list(JOIN headers "" text)
  file(WRITE ${folder}/all.hpp "#pragma once\n${text}")
  separate_arguments(flags UNIX_COMMAND "${warnings}")
  build_by_hand(${flags} -Werror -I${source}/include ${others} -include ${folder}/all.hpp)
elseif(way STREQUAL "pkg_config")
  install_library()
  find_program(tool NAMES pkg-config pkgconf REQUIRED)
  list(APPEND prefixes ${prefix})
  list(TRANSFORM prefixes APPEND "/share/pkgconfig")
  list(JOIN prefixes ":" path)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env PKG_CONFIG_PATH=${path}
      ${tool} --cflags --libs "dormant >= 0.1"
    OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  build_by_hand(${flags})
endif()

run(${folder}/build/consumer)
