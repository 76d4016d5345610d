// Conditions on fields: building, checking and showing them.
#include <skein/registry/field.hpp>

#include <skein/registry/json_scalar.hpp>
#include <skein/registry/utf8.hpp>

#include <iterator>

namespace skein {
namespace {

/// `a && b && c` is one node of three, so that a long chain is not deep.
field_expression combine(field_op op, field_expression left, field_expression right) {
  field_expression made{op, {}, {}, {}};
  for (field_expression* each : {&left, &right}) {
    if (each->op == op) {
      made.operands.insert(made.operands.end(), std::make_move_iterator(each->operands.begin()), std::make_move_iterator(each->operands.end()));
    } else {
      made.operands.push_back(std::move(*each));
    }
  }
  return made;
}

bool combines(field_op op) noexcept { return op == field_op::all_of || op == field_op::any_of || op == field_op::none_of; }

error refused(std::string what) { return error{errc::invalid_argument, "a condition on fields " + std::move(what)}; }

/// Counts what the limits bound while it goes through an expression.
struct expression_check {
  std::size_t nodes = 0, text = 0;

  result<void> node(field_expression const& one, std::size_t depth) {
    if (depth > field_expression_depth_max) return refused("is nested more than " + std::to_string(field_expression_depth_max) + " deep");
    nodes += 1 + one.values.size();
    if (nodes > field_expression_nodes_max) return refused("has more than " + std::to_string(field_expression_nodes_max) + " nodes and values");
    if (auto texts = check_texts(one); !texts) return texts;
    if (combines(one.op)) return combination(one, depth);
    if (one.op > field_op::none_of) return refused("asks for operation " + std::to_string(static_cast<unsigned>(one.op)) + ", which there is not");
    return leaf(one);
  }

  result<void> check_texts(field_expression const& one) {
    text += one.path.size();
    bool well_formed = utf8::is_valid(one.path);
    for (field_value const& each : one.values) {
      auto const* value = std::get_if<std::string>(&each);
      if (value == nullptr) continue;
      text += value->size();
      well_formed = well_formed && utf8::is_valid(*value);
    }
    if (text > field_expression_text_max) return refused("has more than " + std::to_string(field_expression_text_max) + " bytes of text");
    if (!well_formed) return refused("has a text that is not UTF-8");
    return {};
  }

  result<void> combination(field_expression const& one, std::size_t depth) {
    if (!one.path.empty() || !one.values.empty()) return refused("joins others and has a path or values of its own: put them into an operand");
    for (field_expression const& each : one.operands) {
      if (auto checked = node(each, depth + 1); !checked) return checked;
    }
    return {};
  }

  static result<void> leaf(field_expression const& one) {
    std::string_view const path = one.path;
    if (path.empty() || path.front() == '.' || path.back() == '.' || path.find("..") != std::string_view::npos) {
      return refused("has the path \"" + one.path + "\": it is names joined by single dots, like customer.address.city");
    }
    if (!one.operands.empty()) return refused("on " + one.path + " has operands, which only all_of, any_of and none_of have");
    bool const count_fits = one.op == field_op::in || one.values.size() == (one.op == field_op::exists ? 0u : 1u);
    if (!count_fits) {
      std::string const wanted = one.op == field_op::exists ? "none" : "one";
      return refused("on " + one.path + " has " + std::to_string(one.values.size()) + " values where it takes " + wanted);
    }
    if (one.op == field_op::starts_with && !std::holds_alternative<std::string>(one.values.front())) {
      return refused("on " + one.path + " asks what it starts with, and not with a text");
    }
    return {};
  }
};

std::string_view sign_of(field_op op) noexcept {
  switch (op) {
    case field_op::equal: return " == ";
    case field_op::not_equal: return " != ";
    case field_op::less: return " < ";
    case field_op::less_equal: return " <= ";
    case field_op::greater: return " > ";
    case field_op::greater_equal: return " >= ";
    case field_op::contains: return " contains ";
    case field_op::starts_with: return " starts_with ";
    default: return " ? ";
  }
}

struct append_value {
  std::string& to;
  void operator()(bool value) const { to += value ? "true" : "false"; }
  void operator()(std::int64_t value) const { to += std::to_string(value); }
  void operator()(std::uint64_t value) const { to += std::to_string(value); }
  void operator()(double value) const { append_json_number(to, value); }
  void operator()(std::string const& value) const { append_json_string(to, value); }
};

void append_values(std::string& to, std::vector<field_value> const& values) {
  bool first = true;
  for (field_value const& each : values) {
    if (!std::exchange(first, false)) to += ", ";
    std::visit(append_value{to}, each);
  }
}

void append_expression(std::string& to, field_expression const& one, std::size_t depth_left);

void append_operands(std::string& to, field_expression const& one, std::size_t depth_left) {
  bool const all = one.op == field_op::all_of;
  if (one.operands.empty()) to += all ? "true" : "false";
  bool first = true;
  for (field_expression const& each : one.operands) {
    if (!std::exchange(first, false)) to += all ? " && " : " || ";
    bool const apart = (each.op == field_op::all_of || each.op == field_op::any_of) && !each.operands.empty() && one.operands.size() > 1;
    if (apart) to += '(';
    append_expression(to, each, depth_left);
    if (apart) to += ')';
  }
}

void append_expression(std::string& to, field_expression const& one, std::size_t depth_left) {
  if (depth_left == 0) {
    to += "...";
  } else if (one.op == field_op::none_of) {
    to += "!(";
    append_operands(to, one, depth_left - 1);
    to += ')';
  } else if (combines(one.op)) {
    append_operands(to, one, depth_left - 1);
  } else if (one.op == field_op::exists) {
    to += one.path + " exists";
  } else if (one.op == field_op::in) {
    to += one.path + " in (";
    append_values(to, one.values);
    to += ')';
  } else {
    to += one.path;
    to += sign_of(one.op);
    append_values(to, one.values);
  }
}

}  // namespace

field_expression operator&&(field_expression left, field_expression right) { return combine(field_op::all_of, std::move(left), std::move(right)); }

field_expression operator||(field_expression left, field_expression right) { return combine(field_op::any_of, std::move(left), std::move(right)); }

field_expression operator!(field_expression one) {
  field_expression made{field_op::none_of, {}, {}, {}};
  made.operands.push_back(std::move(one));
  return made;
}

result<void> check(field_expression const& one) { return expression_check{}.node(one, 1); }

std::string to_string(field_expression const& one) {
  std::string text;
  append_expression(text, one, field_expression_depth_max);
  return text;
}

}  // namespace skein
