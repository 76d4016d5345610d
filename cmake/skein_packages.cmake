# The Debian packages that `cpack` makes of the installed components: libskein-dev of dev, skein of runtime.
find_program(SKEIN_GZIP gzip)
if(NOT SKEIN_GZIP)
  return()  # Not a Debian system.
endif()

# What a package that the distribution's tools look at brings along. Only packages hold it: a plain install leaves it out.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/CHANGELOG.md")
execute_process(COMMAND "${SKEIN_GZIP}" -9nc "${PROJECT_SOURCE_DIR}/CHANGELOG.md" OUTPUT_FILE "${PROJECT_BINARY_DIR}/changelog.gz"
  COMMAND_ERROR_IS_FATAL ANY)
foreach(package libskein-dev=dev skein=runtime)
  string(REPLACE "=" ";" package "${package}")
  list(POP_FRONT package name component)
  install(FILES "${PROJECT_BINARY_DIR}/changelog.gz" "${PROJECT_SOURCE_DIR}/README.md"
    DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/doc/${name}" COMPONENT ${component} EXCLUDE_FROM_ALL)
endforeach()

# Whose packages they are: Debian's tools ask these variables.
set(maintainer "$ENV{DEBFULLNAME}")
if(NOT maintainer)
  set(maintainer "Skein maintainers")
endif()
set(address "$ENV{DEBEMAIL}")
if(NOT address)
  set(address "maintainers@localhost")
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME skein)
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # Each package has its own.
set(CPACK_PACKAGE_CONTACT "${maintainer} <${address}>")
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL dev)
if(SKEIN_BUILD_CLI)
  list(APPEND CPACK_COMPONENTS_ALL runtime)
endif()
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)

set(about "Agents subscribe to typed artifacts on a ZeroMQ blackboard bus, and everything
that one workflow causes hangs on one trace, in SQLite.")

# A program that links the archives needs what they were built on, and pkg-config to find it.
list(JOIN skein_debian_depends ", " CPACK_DEBIAN_DEV_PACKAGE_DEPENDS)
string(APPEND CPACK_DEBIAN_DEV_PACKAGE_DEPENDS ", pkgconf | pkg-config")
set(CPACK_DEBIAN_DEV_PACKAGE_NAME libskein-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_DESCRIPTION "agent pipelines in C++20 (static libraries and headers)
${about}

This package holds the libraries, their headers, and what find_package(skein)
and pkg-config read.")

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME skein)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION "command of Skein: traces of agent pipelines, hubs, workers
${about}

This package holds the command, which lists, shows and queries recorded runs.")

include(CPack)
