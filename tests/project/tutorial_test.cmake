# Does in an empty folder what docs/tutorial.md says, with the package in PREFIX.
set(ENV{PATH} "${PREFIX}/bin:$ENV{PATH}")  # As the tutorial says; find_package looks beside it.
set(ENV{CXX} "${COMPILER}")
find_program(ccache ccache)
if(ccache)
  set(ENV{CMAKE_CXX_COMPILER_LAUNCHER} "${ccache}")
endif()
execute_process(COMMAND bash "${SOURCE}/tests/project/follow_document.sh" "${SOURCE}/docs/tutorial.md" "${WORK}" COMMAND_ERROR_IS_FATAL ANY)
