# Configures and builds tests/project/consumer against the package in PREFIX, and runs its programs (PROGRAMS; default: all) in empty folders.
file(REMOVE_RECURSE "${WORK}")
execute_process(COMMAND "${CMAKE_COMMAND}" -S "${SOURCE}/tests/project/consumer" -B "${WORK}/build" -G "${GENERATOR}"
  "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_PREFIX_PATH=${PREFIX}" "-DVERSION=${VERSION}" "-DHELLO=${SOURCE}/examples/01_hello/main.cpp"
  COMMAND_ERROR_IS_FATAL ANY)
set(targets "")
if(PROGRAMS)
  set(targets --target ${PROGRAMS})
else()
  set(PROGRAMS hello forms)
endif()
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${WORK}/build" ${targets} COMMAND_ERROR_IS_FATAL ANY)
foreach(name ${PROGRAMS})
  set(PROGRAM "${WORK}/build/${name}")
  set(FOLDER "${WORK}/run_${name}")
  include("${SOURCE}/cmake/run_in_empty_folder.cmake")
endforeach()

# A shared object of the user's shows nothing of the archives in it.
if(NOT targets)
  execute_process(COMMAND nm --dynamic --defined-only --demangle "${WORK}/build/libplugin.so" OUTPUT_VARIABLE exported COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[0-9a-f]+ [A-Za-z] ([a-z ]+ for )?skein::[^\n]*" exported "${exported}")
  if(exported)
    list(JOIN exported "\n" exported)
    message(FATAL_ERROR "a shared object that links the archives exports:\n${exported}")
  endif()
endif()
