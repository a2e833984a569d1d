# SPDX-License-Identifier: MIT
# Writes what a result depends on besides its settings and versions, as a header that is touched only
# when something changed.
# Usage: cmake -D source=FOLDER -D flags=TEXT -D out=FILE -P build_info.cmake

set(commit unknown)
set(date unknown)
set(changed false)
find_program(git git)
if(git)
  # Only a checkout of this project, not one that it lies in.
  execute_process(COMMAND ${git} -C ${source} rev-parse --show-toplevel
    OUTPUT_VARIABLE top ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  file(REAL_PATH "${source}" here)
  if("${top}" STREQUAL "${here}")
    execute_process(COMMAND ${git} -C ${source} log -1 --format=%H\;%cI
      OUTPUT_VARIABLE last ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
    execute_process(COMMAND ${git} -C ${source} status --porcelain --untracked-files=no
      OUTPUT_VARIABLE edits ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
    list(LENGTH last parts)
    if(parts EQUAL 2)
      list(GET last 0 commit)
      list(GET last 1 date)
    endif()
    if(NOT edits STREQUAL "")
      set(changed true)
    endif()
  endif()
endif()

file(WRITE ${out}.new "// Written by build_info.cmake.
inline constexpr char const* build_commit = \"${commit}\";
inline constexpr char const* build_commit_date = \"${date}\";
inline constexpr bool build_has_changes = ${changed};
inline constexpr char const* build_flags = R\"flags(${flags})flags\";
")
file(COPY_FILE ${out}.new ${out} ONLY_IF_DIFFERENT)
file(REMOVE ${out}.new)
