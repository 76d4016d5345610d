// libFuzzer's entry; SKEIN_FUZZ_TARGET names the function.
#include "targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  skein::fuzz::SKEIN_FUZZ_TARGET({data, size});
  return 0;
}
