# The target skein_docs: the reference of the public headers and the documents as HTML, in <build>/docs/html. Any warning fails it.
find_program(SKEIN_DOXYGEN doxygen REQUIRED)
find_program(SKEIN_PYTHON python3 REQUIRED)

set(skein_docs_dir "${PROJECT_BINARY_DIR}/docs")
set(include_dirs "${PROJECT_BINARY_DIR}/registry/include")  # version.hpp
foreach(layer registry tracing bus agents orchestrator)
  list(APPEND include_dirs "${PROJECT_SOURCE_DIR}/${layer}/include")
endforeach()
file(GLOB documents CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/*.md" "${PROJECT_SOURCE_DIR}/*/*.md" "${PROJECT_SOURCE_DIR}/*/*/*.md")
list(FILTER documents EXCLUDE REGEX "^${PROJECT_SOURCE_DIR}/(build|\\.[^/]*)/")

foreach(paths include_dirs documents)
  list(TRANSFORM ${paths} REPLACE "(.+)" "\"\\1\"")
  list(JOIN ${paths} " " ${paths})
endforeach()
set(skein_docs_include_dirs "${include_dirs}")
set(skein_docs_input "${include_dirs} ${documents}")
configure_file("${PROJECT_SOURCE_DIR}/docs/Doxyfile.in" "${PROJECT_BINARY_DIR}/Doxyfile" @ONLY)
add_custom_target(skein_docs COMMAND "${SKEIN_DOXYGEN}" "${PROJECT_BINARY_DIR}/Doxyfile" VERBATIM USES_TERMINAL
  COMMENT "Writing ${skein_docs_dir}/html/index.html")

if(SKEIN_BUILD_TESTS)
  add_test(NAME project.documents_build_without_warnings COMMAND "${SKEIN_DOXYGEN}" "${PROJECT_BINARY_DIR}/Doxyfile")
endif()
