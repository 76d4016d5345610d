#include "check.hpp"
#include "targets.hpp"

#include <skein/registry/field.hpp>

namespace skein::fuzz {

void field_condition(bytes_in data) {
  auto const view = std::as_bytes(data);
  skein::payload const whole{bytes(view.begin(), view.end())};
  for (char const* path : {"a", "a.0", "a.b", "a.-1.b", "b", "b.1.a", "c"}) {
    field const at{path};
    for (auto const& one : {at == 1, at < 1, at > 1.5, at == "x", at < "x", at == true, at.contains("x"), at.contains(1), at.starts_with("x"), at.exists()}) {
      bool const yes = holds(one, view);
      promise(yes != holds(!one, view), "a condition holds or its opposite does");
      promise(!yes || holds(at.exists(), view), "what a condition holds for is there");
    }
    promise(holds(at != 1, view) != holds(at == 1, view), "unequal is not equal");
    promise(holds(at == 1, view) == (field_key(path, whole) == "n1"), "what is equal has the same key");
    promise(holds(at == "x", view) == (field_key(path, whole) == "tx"), "what is equal has the same key");
  }
}

}  // namespace skein::fuzz
