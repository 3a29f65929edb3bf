# One test binary: pgduet_add_test(NAME label SOURCES ... LIBRARIES ...). CTest runs each test case by itself, except in
# cluster binaries, which share one server among their cases and so run as one test.
function(pgduet_add_test name label)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES} GTest::gmock GTest::gtest_main pgduet_warnings)
  target_compile_definitions(${name} PRIVATE PGDUET_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  if(label STREQUAL "cluster")
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS cluster TIMEOUT 600 ENVIRONMENT "PGDUET_PROGRAM=$<TARGET_FILE:pgduet>")
  else()
    gtest_discover_tests(${name} PROPERTIES LABELS ${label} TIMEOUT 60)
  endif()
endfunction()
