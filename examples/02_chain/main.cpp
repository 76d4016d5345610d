// A chain of three agents. Nobody calls anybody: each takes the type that the one before it publishes.
#include <skein/skein.hpp>

#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

struct document {
  std::string title, text;
  SKEIN_ARTIFACT("press.document", 1, title, text)
};

struct word_list {
  std::string title;
  std::vector<std::string> words;
  SKEIN_ARTIFACT("press.word_list", 1, title, words)
};

struct word_counts {
  std::string title;
  std::map<std::string, int> counts;
  SKEIN_ARTIFACT("press.word_counts", 1, title, counts)
};

struct headline {
  std::string text;
  SKEIN_ARTIFACT("press.headline", 1, text)
};

word_list split(document const& from) {
  word_list made{from.title, {}};
  std::istringstream text{from.text};
  for (std::string word; text >> word;) made.words.push_back(word);
  return made;
}

word_counts count(word_list const& from) {
  word_counts made{from.title, {}};
  for (auto const& word : from.words) ++made.counts[word];
  return made;
}

headline most_frequent(word_counts const& from) {
  std::pair<std::string, int> best;
  for (auto const& [word, times] : from.counts) {
    if (times > best.second) best = {word, times};
  }
  return {from.title + " is about " + best.first};
}

int main() {
  skein::orchestrator hub;
  hub.add(skein::agent{"splitter"}.on<document>(split).publishes<word_list>());
  hub.add(skein::agent{"counter"}.on<word_list>(count).publishes<word_counts>());
  hub.add(skein::agent{"editor"}.on<word_counts>(most_frequent).publishes<headline>());

  {
    skein::traced_run run{hub, "headlines"};
    hub.publish(document{"Page 7", "the geese fly south and by spring geese are home"}, {.tags = {"nature"}});
    std::cout << hub.run_until_idle() << "\n\n";
  }

  // An artifact is a value and what was recorded when it was published.
  for (auto const& made : hub.artifacts<headline>()) {
    auto const& meta = made.meta();
    std::cout << made->text << "\n  artifact " << made.id() << " of type " << meta.type << "\n  made by " << meta.produced_by << " in run "
              << meta.run << "\n\n";
  }
  for (auto const& given : hub.artifacts<document>({.tagged = {"nature"}})) {
    std::cout << given->title << " came from " << given.meta().produced_by << '\n';
  }

  // One agent of the chain by itself: its answer comes back here, and the next agent does not see it.
  for (auto const& counted : hub.invoke<word_counts>("counter", word_list{"Page 8", {"to", "be", "or", "not", "to", "be"}})) {
    std::cout << "counter, asked directly: to x" << counted->counts.at("to") << ", or x" << counted->counts.at("or") << '\n';
  }
}
