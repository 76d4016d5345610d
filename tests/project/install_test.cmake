# cmake -DBUILD=… -DPREFIX=… -P install_test.cmake: installs the build into an empty PREFIX; no private header may come along.
file(REMOVE_RECURSE "${PREFIX}")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${PREFIX}" OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
file(GLOB_RECURSE strays RELATIVE "${PREFIX}/include" "${PREFIX}/include/*")
list(FILTER strays EXCLUDE REGEX "^skein/.*\\.hpp$")
if(strays)
  message(FATAL_ERROR "installed, but not a public header: ${strays}")
endif()
