#include <skein/agents/output_guard.hpp>

#include <skein/registry/json.hpp>

#include <algorithm>

namespace skein {
namespace {

bool guard_allows(output_guard_options const& options, artifact_type const& type, payload const& value) {
  auto const& types = options.types;
  if (!types.empty() && std::find(types.begin(), types.end(), type.name) == types.end()) return true;
  if (options.where && !holds(*options.where, value)) return false;
  if (!options.allows) return true;
  auto const native = value.as(type).value();
  return options.allows(type.name, type.to_json(native.get()));
}

}  // namespace

output_guard::output_guard(output_guard_options options) : options_(std::move(options)) {
  if (!options_.where && !options_.allows) throw error{errc::invalid_argument, "output_guard has nothing to ask: give it .where or .allows"};
  if (options_.where) check(*options_.where).value();
}

void output_guard::on_pre_evaluate(context& ctx) {
  std::string why = options_.where ? "it must have " + to_string(*options_.where) : "";
  if (options_.allows) why += options_.where ? ", and the code of output_guard must allow it" : "the code of output_guard says no";
  // The agent has the component for as long as it has attempts.
  ctx.guard_outputs([this](artifact_type const& type, payload const& value) { return guard_allows(options_, type, value); }, std::move(why), options_.drop);
}

}  // namespace skein
