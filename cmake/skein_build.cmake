# Options, compiler settings and the functions that the folders use: skein_library, skein_test and skein_example.
include(GNUInstallDirs)
include(skein_dependencies)
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(nlohmann_json REQUIRED)
foreach(package ${skein_packages})
  find_package(${package} REQUIRED)
endforeach()
foreach(module ${skein_modules})
  string(REPLACE "=" ";" module "${module}")
  list(POP_FRONT module name pc_name)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${pc_name})
endforeach()

option(SKEIN_BUILD_CLI "Build the skein command" ${PROJECT_IS_TOP_LEVEL})
option(SKEIN_BUILD_EXAMPLES "Build the examples" ${PROJECT_IS_TOP_LEVEL})
option(SKEIN_BUILD_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(SKEIN_BUILD_BENCH "Build the benchmarks" OFF)
option(SKEIN_INSTALL "Make install rules" ${PROJECT_IS_TOP_LEVEL})
option(SKEIN_CHECK_HEADERS "Compile every public header alone (needs the tests)" OFF)
option(SKEIN_BUILD_DOCS "Make the target skein_docs, and the test of it (needs Doxygen)" OFF)
option(SKEIN_UNITY "Compile several sources at once: for builds that nobody edits in" OFF)
set(SKEIN_SANITIZE "" CACHE STRING "Sanitizers for everything built here: address,undefined or thread")

if(SKEIN_UNITY)
  set(CMAKE_UNITY_BUILD ON)
endif()
if(PROJECT_IS_TOP_LEVEL)
  if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
  endif()
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  set(CMAKE_CXX_EXTENSIONS OFF)
  find_program(SKEIN_CCACHE ccache)
  if(SKEIN_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${SKEIN_CCACHE}")
  endif()
endif()

# Compile settings of our own code; users of the installed targets see only C++20.
add_library(skein_warnings INTERFACE)
target_compile_features(skein_warnings INTERFACE cxx_std_20)
target_compile_options(skein_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast
  -Wno-missing-field-initializers -Wno-restrict)  # GCC 12 sees overlaps in "literal" + std::string where there are none
# Optimised, GCC 12 sees uninitialised members in moved std::variant and std::optional values that it has just seen constructed.
target_compile_options(skein_warnings INTERFACE $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-Wno-maybe-uninitialized>)
if(SKEIN_UNITY)   # Files that are compiled as one shadow each other's names, and share their anonymous namespace.
  target_compile_options(skein_warnings INTERFACE -Wno-shadow -Wno-subobject-linkage)
endif()
if(PROJECT_IS_TOP_LEVEL AND NOT SKEIN_SANITIZE)  # GCC's flow warnings see ghosts in instrumented code.
  target_compile_options(skein_warnings INTERFACE -Werror)
endif()
if(SKEIN_SANITIZE)
  add_compile_options(-fsanitize=${SKEIN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SKEIN_SANITIZE})
endif()

# skein_library(NAME DEPENDS <left neighbours> PRIVATE <private libraries>): lib of <NAME>/src/*.cpp with <NAME>/include as its public face.
# Always static: nothing is exported from a shared object (docs/decisions/0001).
function(skein_library name)
  cmake_parse_arguments(arg "" "" "DEPENDS;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/src/*.cpp")
  add_library(skein_${name} STATIC ${sources})
  add_library(skein::${name} ALIAS skein_${name})
  set_target_properties(skein_${name} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_compile_features(skein_${name} PUBLIC cxx_std_20)
  target_include_directories(skein_${name}
    PUBLIC "$<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>"
    PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/src")
  foreach(dependency ${arg_DEPENDS})
    target_link_libraries(skein_${name} PUBLIC skein::${dependency})
  endforeach()
  foreach(library ${arg_PRIVATE})
    if(library STREQUAL "nlohmann_json::nlohmann_json")  # Headers only: nothing is left of it for those who link us.
      set(library $<BUILD_INTERFACE:${library}>)
    endif()
    target_link_libraries(skein_${name} PRIVATE ${library})
  endforeach()
  target_link_libraries(skein_${name} PRIVATE $<BUILD_INTERFACE:skein_warnings>)
  if(SKEIN_SANITIZE)  # A program can't link instrumented archives without being instrumented itself.
    target_compile_options(skein_${name} INTERFACE $<INSTALL_INTERFACE:-fsanitize=${SKEIN_SANITIZE}>)
    target_link_options(skein_${name} INTERFACE $<INSTALL_INTERFACE:-fsanitize=${SKEIN_SANITIZE}>)
  endif()
endfunction()

# skein_test(NAME LINKS <libraries> [UNITY] [WITHOUT_THREADS <regex>]): one GoogleTest program of <this folder>/*_test.cpp, its cases found by ctest. UNITY: no
# two of the files have a name of their own in common, so SKEIN_UNITY may compile them together. Files whose names match WITHOUT_THREADS are left out under TSan:
# it has nothing to find in code of one thread, and its builds and runs take long.
function(skein_test name)
  cmake_parse_arguments(arg "UNITY" "WITHOUT_THREADS" "LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp" "${CMAKE_CURRENT_SOURCE_DIR}/support/*.cpp")
  if(arg_WITHOUT_THREADS AND SKEIN_SANITIZE MATCHES "thread")
    list(FILTER sources EXCLUDE REGEX "/(${arg_WITHOUT_THREADS})_test[.]cpp$")
  endif()
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  if(arg_UNITY)
    set_target_properties(${name} PROPERTIES UNITY_BUILD_BATCH_SIZE 4)   # Tests are long; two cores want more than one piece.
  else()
    set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
  endif()
  if(SKEIN_SANITIZE)   # The tests' own code is half of the time to compile: what is looked for is in the libraries.
    target_compile_options(${name} PRIVATE -g0)
    if(SKEIN_SANITIZE MATCHES "undefined")
      target_compile_options(${name} PRIVATE -fno-sanitize=null,alignment,vptr,object-size)
    endif()
  endif()
  target_include_directories(${name} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(${name} PRIVATE ${arg_LINKS} skein_warnings GTest::gtest_main)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120)
endfunction()

# skein_example(NAME): the program of <this folder>/NAME/*.cpp, built as <build>/examples/NAME; ctest runs it in an empty folder, and
# compares what it prints with NAME/expected.txt, and the traces that it leaves with NAME/expected_traces.txt, where there are such files.
function(skein_example name)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp")
  add_executable(example_${name} ${sources})
  set_target_properties(example_${name} PROPERTIES OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/examples")
  target_link_libraries(example_${name} PRIVATE skein::skein skein_warnings)
  if(SKEIN_BUILD_TESTS)
    set(expected "")
    if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${name}/expected.txt")
      list(APPEND expected "-DEXPECTED_OUTPUT=${CMAKE_CURRENT_SOURCE_DIR}/${name}/expected.txt")
    endif()
    if(SKEIN_BUILD_CLI AND EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${name}/expected_traces.txt")
      list(APPEND expected "-DEXPECTED_TRACES=${CMAKE_CURRENT_SOURCE_DIR}/${name}/expected_traces.txt" "-DSKEIN=$<TARGET_FILE:skein_command>")
    endif()
    add_test(NAME examples.${name} COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:example_${name}>
      -DFOLDER=${CMAKE_CURRENT_BINARY_DIR}/${name}.run ${expected} -P ${PROJECT_SOURCE_DIR}/cmake/run_in_empty_folder.cmake)
    set_tests_properties(examples.${name} PROPERTIES TIMEOUT 120)
  endif()
endfunction()
