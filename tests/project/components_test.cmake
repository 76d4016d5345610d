# find_package(skein COMPONENTS …) against the package in PREFIX: what is there is found, what is not is refused by name.
file(REMOVE_RECURSE "${WORK}")

# configure(NAME WORDS…): a project that calls find_package(skein WORDS…) and says what it got; its output goes to `said`.
function(configure name)
  list(JOIN ARGN " " words)
  file(CONFIGURE OUTPUT "${WORK}/${name}/CMakeLists.txt" @ONLY CONTENT [[
cmake_minimum_required(VERSION 3.25)
project(components LANGUAGES CXX)
find_package(skein @words@)
message(STATUS "skein_FOUND=${skein_FOUND} bus=${skein_bus_FOUND} kitchen=${skein_kitchen_FOUND}")
if(skein_FOUND)
  get_target_property(type skein::registry TYPE)
endif()
]])
  execute_process(COMMAND "${CMAKE_COMMAND}" -S "${WORK}/${name}" -B "${WORK}/${name}/build" -G "${GENERATOR}"
    "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_PREFIX_PATH=${PREFIX}"
    OUTPUT_VARIABLE said ERROR_VARIABLE said RESULT_VARIABLE failed)
  string(REGEX REPLACE "[ \n]+" " " said "${said}")
  set(said "${said}" PARENT_SCOPE)
  set(failed "${failed}" PARENT_SCOPE)
endfunction()

function(expect text)
  string(FIND "${said}" "${text}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "expected '${text}' in: ${said}")
  endif()
endfunction()

configure(there COMPONENTS registry bus)
expect("skein_FOUND=1 bus=TRUE")

configure(missing COMPONENTS bus kitchen)
expect("skein_FOUND=0")
expect("there is no component kitchen in this skein; there are registry, tracing, bus, agents, orchestrator, skein")

configure(required REQUIRED COMPONENTS kitchen)
expect("there is no component kitchen in this skein")
if(NOT failed)
  message(FATAL_ERROR "a project that requires a component that there is not was configured")
endif()

configure(optional COMPONENTS bus OPTIONAL_COMPONENTS kitchen)
expect("skein_FOUND=1 bus=TRUE kitchen=FALSE")
