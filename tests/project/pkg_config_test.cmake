# Compiles hello by hand with the flags that pkg-config gives for skein, and runs it in an empty folder.
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")
find_program(PKG_CONFIG NAMES pkgconf pkg-config REQUIRED)
execute_process(COMMAND "${CMAKE_COMMAND}" -E env "PKG_CONFIG_PATH=${PREFIX}/${LIBDIR}/pkgconfig" "${PKG_CONFIG}"
  --cflags --libs skein
  OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(flags UNIX_COMMAND "${flags}")
execute_process(COMMAND "${COMPILER}" -std=c++20 -Wall -Wextra -Werror "${SOURCE}/examples/01_hello/main.cpp" ${flags}
  -o "${WORK}/hello" COMMAND_ERROR_IS_FATAL ANY)
set(PROGRAM "${WORK}/hello")
set(FOLDER "${WORK}/run")
include("${SOURCE}/cmake/run_in_empty_folder.cmake")
