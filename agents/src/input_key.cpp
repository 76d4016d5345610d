#include <skein/agents/input_key.hpp>

namespace skein {

input_key::input_key(field which) : make_([path = which.path()](bus::artifact_data const& input) { return field_key(path, input.payload); }) {}

std::optional<std::string> input_key::get(context const& ctx) const {
  std::string all;
  bool any = false;
  for (auto const& input : ctx.inputs()) {
    auto const one = make_(*input);
    any = any || one;
    // With its size before it no key looks like two.
    all += one ? std::to_string(one->size()) + ':' + *one : std::string{"-"};
  }
  return any ? std::optional{std::move(all)} : std::nullopt;
}

}  // namespace skein
