#include <skein/agents/payload_limit.hpp>

#include <string>

namespace skein::agents {

result<void> check_payload(payload const& value, std::size_t payload_bytes_max) {
  auto const encoded = value.encoded();
  if (!encoded) return encoded.error();
  if (encoded->size() <= payload_bytes_max) return {};
  return error{errc::too_large, "the payload has " + std::to_string(encoded->size()) + " bytes, payload_bytes_max is " +
                                    std::to_string(payload_bytes_max) + "; store the data elsewhere and publish where it is"};
}

}  // namespace skein::agents
