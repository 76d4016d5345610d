// What research_pipeline searches: eight short articles.
#pragma once

#include <string>
#include <vector>

struct article {
  std::string title, text;
};

inline std::vector<article> const& corpus() {
  static std::vector<article> const articles{
      {"The magnetic sense of birds",
       "Many birds sense the magnetic field of the earth. Young robins kept in a room without a view of the sky still turn south in autumn. "
       "When the magnetic field around the room is turned, the birds turn with it. The sense does not tell north from south: it tells "
       "towards the pole from away from it. A protein in the eye, sensitive to blue light, is thought to carry the magnetic compass."},
      {"Stars above a planetarium",
       "In the 1960s buntings were placed under the artificial stars of a planetarium. The birds learned which point of the night sky does "
       "not move, and took it for north. Birds raised under stars that turned around another point migrated in the wrong direction. "
       "A star compass needs a clear night, and on clouded nights migrating birds fall back on the magnetic field."},
      {"How geese hold a formation",
       "Geese in a skein fly slightly above and beside the goose ahead. Each bird catches the rising air from the wing tip in front, and "
       "saves about a tenth of its work. The goose in front tires first and the geese take turns. Calls keep the formation together in fog."},
      {"Old geese lead the way",
       "Young geese learn the route of migration from their parents. Geese that were raised by people followed a small aircraft south and "
       "found the way back alone in spring. A flock with old birds strays less from the shortest route than a flock of young birds. "
       "The route is passed on: when a resting place is drained, a flock finds a new one within a few years."},
      {"The sun as a compass",
       "Starlings in a round cage with a view of the sun take one direction through the whole day. The sun moves, so the birds must "
       "know the time. Starlings whose day was shifted by six hours migrated a quarter of a circle off. The sun compass is learned young "
       "and set against the magnetic field at dusk, where the light of the sky is polarised."},
      {"A short history of yarn",
       "Yarn was spun with a spindle long before the wheel. A skein is a length of yarn wound in a loose coil. Wool from sheep, flax and "
       "cotton were twisted by hand. The spinning jenny made eight threads at once, and later eighty."},
      {"Keeping a compass on a ship",
       "A compass on an iron ship points towards the iron. Captains turned the ship through a full circle in harbour and wrote down how far "
       "the compass strayed. Two soft iron balls beside the compass correct most of the error. The gyroscope made the correction "
       "unnecessary."},
      {"Rest on the way",
       "Migrating geese rest on shallow lakes for weeks. They eat until they weigh a third more, and fly on with the first tail wind. "
       "A lake that falls dry forces them to fly further with less. Counting geese at such lakes tells how many there are."}};
  return articles;
}
