// Spans on their way to another process: the bytes in which they lie in memory, so that neither side takes them apart. docs/wire-format.md
// specifies them ("packed spans").
#pragma once

#include <skein/registry/artifact_type.hpp>
#include <skein/registry/error.hpp>
#include <skein/tracing/span_batch.hpp>

#include <bit>
#include <cstddef>

namespace skein {

/// Whether this machine can pack spans: the form is little-endian.
inline constexpr bool packs_spans = std::endian::native == std::endian::little;

/// How many bytes pack() writes. 0 = it can't: there are no spans, one of them or a link has no ids, or the machine is not one that packs.
[[nodiscard]] std::size_t packed_bytes(span_batch const& spans);
/// Writes the spans to where there is room for packed_bytes(), which must not be 0.
void pack(span_batch const& spans, std::byte* to);
/// Reads untrusted bytes: `spans_max` spans at most (errc::too_large); anything that pack() would not write is errc::bad_message, but bytes of a text that are not UTF-8
/// become U+FFFD. Allocates a small multiple of what it reads.
[[nodiscard]] result<span_batch> unpack_spans(bytes_view packed, std::size_t spans_max);
/// The same into `out`, whose memory is used again; after an error it is empty.
[[nodiscard]] result<void> unpack_spans(bytes_view packed, std::size_t spans_max, span_batch& out);

}  // namespace skein
