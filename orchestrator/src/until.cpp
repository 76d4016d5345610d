#include <skein/orchestrator/until.hpp>

#include <iterator>

namespace skein {

using kind = bus::board_condition::kind;

until until::count(std::string type, std::uint64_t artifacts, std::optional<field_expression> where) {
  if (where) check(*where).value();
  bus::board_condition made;
  made.what = kind::count;
  made.type = std::move(type);
  made.count = artifacts;
  made.where = std::move(where);
  return until{std::move(made)};
}

until until::failure_of(std::string agent) {
  bus::board_condition made;
  made.what = kind::failure;
  made.agent = std::move(agent);
  return until{std::move(made)};
}

until until::idle() { return until{bus::board_condition{}}; }

until until::combined(kind how, until left, until right) {
  // A chain of the same operator stays flat: `a || b || c` has three operands.
  bus::board_condition made;
  made.what = how;
  for (auto* const side : {&left.condition_, &right.condition_}) {
    if (side->what == how) {
      std::move(side->operands.begin(), side->operands.end(), std::back_inserter(made.operands));
    } else {
      made.operands.push_back(std::move(*side));
    }
  }
  return until{std::move(made)};
}

until until::negated(until one) {
  bus::board_condition made;
  made.what = kind::none_of;
  made.operands.push_back(std::move(one.condition_));
  return until{std::move(made)};
}

}  // namespace skein
