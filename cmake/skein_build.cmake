# Options, compiler settings and the two functions that every folder uses: skein_library and skein_test.
include(GNUInstallDirs)
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
pkg_check_modules(zmq REQUIRED IMPORTED_TARGET libzmq)
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET sqlite3)

option(SKEIN_BUILD_CLI "Build the skein command" ${PROJECT_IS_TOP_LEVEL})
option(SKEIN_BUILD_EXAMPLES "Build the examples" ${PROJECT_IS_TOP_LEVEL})
option(SKEIN_BUILD_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(SKEIN_BUILD_BENCH "Build the benchmarks" OFF)
set(SKEIN_SANITIZE "" CACHE STRING "Sanitizers for everything built here: address,undefined or thread")

if(PROJECT_IS_TOP_LEVEL)
  if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
  endif()
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  find_program(SKEIN_CCACHE ccache)
  if(SKEIN_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${SKEIN_CCACHE}")
  endif()
endif()

# Compile settings of our own code; users of the installed targets see only C++20.
add_library(skein_warnings INTERFACE)
target_compile_options(skein_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast
  -Wno-missing-field-initializers)
if(PROJECT_IS_TOP_LEVEL)
  target_compile_options(skein_warnings INTERFACE -Werror)
endif()
if(SKEIN_SANITIZE)
  add_compile_options(-fsanitize=${SKEIN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SKEIN_SANITIZE})
endif()

# skein_library(NAME DEPENDS <left neighbours> PRIVATE <private libraries>): lib of <NAME>/src/*.cpp with <NAME>/include as its public face.
function(skein_library name)
  cmake_parse_arguments(arg "" "" "DEPENDS;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/src/*.cpp")
  add_library(skein_${name} ${sources})
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
  target_link_libraries(skein_${name} PRIVATE $<BUILD_INTERFACE:skein_warnings> ${arg_PRIVATE})
endfunction()

# skein_test(NAME LINKS <libraries>): one GoogleTest program of <this folder>/*_test.cpp, its cases found by ctest.
function(skein_test name)
  cmake_parse_arguments(arg "" "" "LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp" "${CMAKE_CURRENT_SOURCE_DIR}/support/*.cpp")
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  target_include_directories(${name} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(${name} PRIVATE ${arg_LINKS} skein_warnings GTest::gtest_main)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120)
endfunction()
