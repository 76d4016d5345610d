# Configures and builds tests/project/consumer against the package in PREFIX, and runs its hello in an empty folder.
file(REMOVE_RECURSE "${WORK}")
execute_process(COMMAND "${CMAKE_COMMAND}" -S "${SOURCE}/tests/project/consumer" -B "${WORK}/build" -G "${GENERATOR}"
  "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_PREFIX_PATH=${PREFIX}" "-DHELLO=${SOURCE}/examples/01_hello/main.cpp"
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${WORK}/build" COMMAND_ERROR_IS_FATAL ANY)
set(PROGRAM "${WORK}/build/hello")
set(FOLDER "${WORK}/run")
include("${SOURCE}/cmake/run_in_empty_folder.cmake")
set(PROGRAM "${WORK}/build/forms")
set(FOLDER "${WORK}/run_forms")
include("${SOURCE}/cmake/run_in_empty_folder.cmake")
