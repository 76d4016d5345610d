# Configures a project that takes Skein by add_subdirectory; what it would build is the same code, so it is not built again.
file(REMOVE_RECURSE "${WORK}")
execute_process(COMMAND "${CMAKE_COMMAND}" -S "${SOURCE}/tests/project/subproject" -B "${WORK}/build" -G "${GENERATOR}"
  "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DSKEIN=${SOURCE}" COMMAND_ERROR_IS_FATAL ANY)
