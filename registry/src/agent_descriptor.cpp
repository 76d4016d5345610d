#include <skein/registry/agent_descriptor.hpp>

#include <skein/registry/ids.hpp>

namespace skein {
namespace {

void add_number(std::string& to, std::uint64_t number) {
  for (int shift = 0; shift < 64; shift += 8) to.push_back(static_cast<char>(number >> shift));
}

/// Lengths go first, so that {"ab"} and {"a", "b"} differ.
void add_texts(std::string& to, std::vector<std::string> const& texts) {
  add_number(to, texts.size());
  for (auto const& text : texts) {
    add_number(to, text.size());
    to.append(text);
  }
}

}  // namespace

std::uint64_t subscription_descriptor::fingerprint() const {
  std::string all;
  add_texts(all, types);
  add_number(all, static_cast<std::uint64_t>(grouping));
  add_texts(all, from);
  add_texts(all, tagged);
  add_number(all, has_predicate ? 1 : 0);
  add_number(all, self_trigger ? 1 : 0);
  add_number(all, static_cast<std::uint64_t>(static_cast<std::int64_t>(priority)));
  return stable_hash(all);
}

}  // namespace skein
