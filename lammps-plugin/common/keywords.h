/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_KEYWORDS_H
#define ERGODIC_KEYWORDS_H

#include "pointers.h"

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace LAMMPS_NS {

// The arguments of a style. Each keyword is added with the names of its values, as the manual has
// them, and a function that takes the values one after the other. What is wrong stops with an error
// that names the style, the keyword, the value and what to do. Called on all MPI ranks.
class Keywords : protected Pointers {
 public:
  // `style` = what errors begin with.
  Keywords(class LAMMPS *lmp, std::string style, int narg, char **arg) :
      Pointers(lmp), style(std::move(style)), next(arg), end(arg + narg)
  {
  }

  // The next value is an argument of this name that has no keyword.
  Keywords &argument(const char *name);
  void add(const char *keyword, const char *values, std::function<void()> take);
  // Reads all that is left.
  void read();
  // Whether the keyword was there.
  bool given(const std::string &keyword) const { return seen.count(keyword) > 0; }

  // The next value of the keyword at work.
  std::string word();
  double number();
  double positive();        // > 0
  double not_negative();    // >= 0
  int64_t integer(int64_t least, int64_t most);
  bool logical();    // as LAMMPS has it: yes, on, true or no, off, false
  // Index of the value in `names`.
  int choice(const std::vector<std::string> &names);
  // NAME of v_NAME.
  std::string variable();
  // Whether the next value is this word, which is then taken.
  bool next_is(const char *word);

 private:
  struct Keyword {
    std::string name, values;
    std::function<void()> take;
  };
  const std::string style;
  char **next, **end;    // words that are left
  std::vector<Keyword> known;
  std::set<std::string> seen;
  Keyword current;    // the one at work

  const Keyword &find(const std::string &name) const;
  double real(const char *wanted, bool (*accepts)(double));
  [[noreturn]] void refuse(const std::string &value, const std::string &why) const;
};

}    // namespace LAMMPS_NS

#endif
