# What `cmake --install` puts in place: component `dev`, the archives and headers of the folders and what find_package(skein) and
# pkg-config read; component `runtime`, the command and its units.
include(CMakePackageConfigHelpers)

set(skein_layers registry tracing bus agents orchestrator)
set(skein_components ${skein_layers} skein)   # What find_package(skein COMPONENTS …) may name.
set(skein_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/skein")

foreach(layer ${skein_layers})
  install(TARGETS skein_${layer} EXPORT skein_targets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT dev)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/${layer}/include/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT dev
    FILES_MATCHING PATTERN "*.hpp")
endforeach()
install(FILES "${PROJECT_BINARY_DIR}/registry/include/skein/registry/version.hpp"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/skein/registry" COMPONENT dev)
install(TARGETS skein_skein EXPORT skein_targets)
install(EXPORT skein_targets NAMESPACE skein:: DESTINATION "${skein_package_dir}" FILE skein-targets.cmake COMPONENT dev)

if(SKEIN_BUILD_CLI)
  get_property(commands DIRECTORY "${PROJECT_SOURCE_DIR}/cli" PROPERTY BUILDSYSTEM_TARGETS)
  foreach(command ${commands})
    get_target_property(kind ${command} TYPE)
    if(kind STREQUAL "EXECUTABLE")
      install(TARGETS ${command} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT runtime)
    endif()
  endforeach()
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/cli/systemd/" DESTINATION lib/systemd/system COMPONENT runtime FILES_MATCHING PATTERN "*.service")
endif()

configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/skein-config.cmake.in" "${PROJECT_BINARY_DIR}/skein-config.cmake"
  INSTALL_DESTINATION "${skein_package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/skein-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/skein-config.cmake" "${PROJECT_BINARY_DIR}/skein-config-version.cmake"
  DESTINATION "${skein_package_dir}" COMPONENT dev)

set(skein_pc_cflags "")
set(skein_pc_libs "")
if(SKEIN_SANITIZE)
  set(skein_pc_cflags "-fsanitize=${SKEIN_SANITIZE}")
  set(skein_pc_libs "${skein_pc_cflags}")
  if(SKEIN_SANITIZE STREQUAL "thread")
    string(APPEND skein_pc_libs " -Wl,-u,skein_tsan_suppressions")
  endif()
endif()
set(skein_pc_archives "")
foreach(layer ${skein_layers})  # A static linker wants the rightmost first.
  string(PREPEND skein_pc_archives " -lskein_${layer}")
endforeach()
file(RELATIVE_PATH skein_pc_up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")  # From skein.pc to the prefix, wherever that is put.
configure_file("${CMAKE_CURRENT_LIST_DIR}/skein.pc.in" "${PROJECT_BINARY_DIR}/skein.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/skein.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT dev)
