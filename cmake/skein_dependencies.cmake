# What the archives are linked with, so what a program that links them needs too. From this list come the searches of the build and of
# skein-config.cmake, `Requires:` of skein.pc, and `Depends:` of libskein-dev. One row each: how it is found (module: by pkg-config,
# as PkgConfig::<name>; package: by find_package), its name there, its name for pkg-config, its Debian package.
set(skein_dependencies
  "module zmq libzmq libzmq3-dev"
  "module sqlite3 sqlite3 libsqlite3-dev"
  "package spdlog spdlog libspdlog-dev")

set(skein_modules "")          # name=pkg-config name
set(skein_packages "")
set(skein_pc_requires "")
set(skein_debian_depends "")
foreach(row ${skein_dependencies})
  string(REPLACE " " ";" row "${row}")
  list(POP_FRONT row how name pc_name debian_name)
  if(how STREQUAL "module")
    list(APPEND skein_modules "${name}=${pc_name}")
  else()
    list(APPEND skein_packages "${name}")
  endif()
  string(APPEND skein_pc_requires " ${pc_name}")
  list(APPEND skein_debian_depends "${debian_name}")
endforeach()
