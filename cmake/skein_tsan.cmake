# ThreadSanitizer builds carry tests/tsan.supp inside skein::bus, so that programs which link an installed one need no options either.
file(STRINGS "${PROJECT_SOURCE_DIR}/tests/tsan.supp" suppressions REGEX "^[^#]")
list(JOIN suppressions "\\n" suppressions)
# The second symbol pulls the object out of the archive: libtsan has a default of the first, so that one pulls nothing.
file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/tsan_suppressions.cpp" CONTENT [[
extern "C" __attribute__((visibility("default"))) char const* __tsan_default_suppressions() { return "@suppressions@\n"; }
extern "C" __attribute__((visibility("default"))) void skein_tsan_suppressions() {}
]] @ONLY)
target_sources(skein_bus PRIVATE "${PROJECT_BINARY_DIR}/tsan_suppressions.cpp")
target_link_options(skein_bus INTERFACE LINKER:-u,skein_tsan_suppressions)
