// How large a payload may be, where payloads are encoded.
#pragma once

#include <skein/registry/error.hpp>
#include <skein/registry/payload.hpp>

#include <cstddef>

namespace skein::agents {

/// Encodes the payload, if it is not yet, and looks at its size: errc::bad_payload (it has no encoding), too_large (naming the option).
[[nodiscard]] result<void> check_payload(payload const& value, std::size_t payload_bytes_max);

}  // namespace skein::agents
