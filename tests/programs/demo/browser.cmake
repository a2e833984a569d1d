# SPDX-License-Identifier: MIT
# The report in headless Chromium: it opens, every picture takes room, and the console stays silent.
# Usage: cmake -D browser=FILE -D folder=FOLDER -P browser.cmake

set(profile ${folder}-profile)
set(check [[<script>
for (const picture of document.querySelectorAll("figure > svg")) {
  const box = picture.getBoundingClientRect();
  if (box.width > 300 && box.height > 100) document.body.dataset.drawn = 1 + Number(document.body.dataset.drawn || 0);
}
</script>]])
file(READ ${folder}/report.html page)
string(REPLACE "</body>" "${check}</body>" page "${page}")
file(WRITE ${folder}-checked.html "${page}")
execute_process(
  COMMAND ${browser} --headless --no-sandbox --disable-gpu --disable-quic --no-first-run
    --disable-background-networking --disable-component-update --disable-sync
    --user-data-dir=${profile} --window-size=1200,800 --enable-logging=stderr --dump-dom
    file://${folder}-checked.html
  RESULT_VARIABLE result OUTPUT_VARIABLE dom ERROR_VARIABLE log)
file(REMOVE_RECURSE ${profile})
if(NOT result STREQUAL "0")
  message(FATAL_ERROR "the browser ended with ${result}:\n${log}")
endif()
if(log MATCHES "CONSOLE[^\n]*")
  message(FATAL_ERROR "the console says: ${CMAKE_MATCH_0}")
endif()
if(NOT dom MATCHES "data-drawn=\"6\"")
  message(FATAL_ERROR "not all six pictures are visible")
endif()
