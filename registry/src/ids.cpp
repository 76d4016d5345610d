#include <skein/registry/ids.hpp>

#include <skein/registry/hex_text.hpp>

#include <ostream>

namespace skein {
namespace {

/// Whether the text form has a dash before byte `i` (8-4-4-4-12 digits).
constexpr bool dash_before(id_text form, std::size_t i) noexcept {
  return form == id_text::uuid && (i == 4 || i == 6 || i == 8 || i == 10);
}

constexpr std::size_t text_size(id_text form, std::size_t bytes) noexcept { return 2 * bytes + (form == id_text::uuid ? 4 : 0); }

template <std::size_t N>
void print_to(std::array<std::uint8_t, N> const& bytes, id_text form, char* out) noexcept {
  std::string_view const data{reinterpret_cast<char const*>(bytes.data()), N};
  form == id_text::uuid ? write_uuid(out, data) : write_hex(out, data);
}

error bad_id(std::string_view text, id_text form, std::size_t bytes) {
  std::string wanted = form == id_text::uuid ? "an id of the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, lower-case hex digits"
                                             : std::to_string(2 * bytes) + " lower-case hex digits";
  std::string shown{text.substr(0, 64)};
  if (text.size() > 64) shown += "...";
  return error{errc::invalid_argument, "'" + shown + "' is not " + wanted + " and not all zeros"};
}

}  // namespace

template <class Tag, std::size_t N, id_text Text>
result<basic_id<Tag, N, Text>> basic_id<Tag, N, Text>::parse(std::string_view text) {
  if (text.size() != text_size(Text, N)) return bad_id(text, Text, N);
  std::array<std::uint8_t, N> bytes{};
  std::size_t at = 0;
  for (std::size_t i = 0; i < N; ++i) {
    if (dash_before(Text, i) && text[at++] != '-') return bad_id(text, Text, N);
    int const high = hex_value(text[at++]);
    int const low = hex_value(text[at++]);
    if (high < 0 || low < 0) return bad_id(text, Text, N);
    bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  basic_id id{bytes};
  if (id.empty()) return bad_id(text, Text, N);
  return id;
}

template <class Tag, std::size_t N, id_text Text>
std::string basic_id<Tag, N, Text>::to_string() const {
  std::string text(text_size(Text, N), '\0');
  print_to(bytes_, Text, text.data());
  return text;
}

template <class Tag, std::size_t N, id_text Text>
std::ostream& basic_id<Tag, N, Text>::print(std::ostream& out) const {
  std::array<char, text_size(Text, N)> text;
  print_to(bytes_, Text, text.data());
  return out << std::string_view{text.data(), text.size()};
}

template class basic_id<struct trace_id_tag, 16, id_text::hex>;
template class basic_id<struct span_id_tag, 8, id_text::hex>;
template class basic_id<struct run_id_tag, 16, id_text::uuid>;
template class basic_id<struct artifact_id_tag, 16, id_text::uuid>;
template class basic_id<struct activation_id_tag, 16, id_text::uuid>;

}  // namespace skein
