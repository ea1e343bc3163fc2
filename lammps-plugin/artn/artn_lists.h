/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_ARTN_LISTS_H
#define ERGODIC_ARTN_LISTS_H

#include "pointers.h"

#include <utility>
#include <vector>

namespace LAMMPS_NS {

class NeighList;

// Neighbor lists of a pair style with the pairs that forces on a few moving atoms depend on. Made
// from scratch in a time that hardly depends on the size of the system, in memory of our own: the
// lists of LAMMPS stay as they were and are put back.
class ArtnLists : protected Pointers {
 public:
  explicit ArtnLists(class LAMMPS *lmp) : Pointers(lmp) {}

  // Takes over the present lists. False if there is one that cannot be imitated.
  bool take_over();
  // Sorts atoms at their present positions into cells. `canonical` = index by local index of owned
  // and ghost atoms, `moves` = by canonical index, whether the atom may move.
  void bin_atoms(const std::vector<int> &canonical, const std::vector<unsigned char> &moves,
                 double skin);
  // Canonical indices of the atoms within the range of forces of a moving one, which may move by
  // skin/2, with a margin, as flags of all ranks.
  std::vector<unsigned char> reached(const std::vector<unsigned char> &moves, double margin);
  // Lists with the pairs of atoms of which one is `near` (by canonical index). They serve until an
  // atom has moved by skin/2.
  void build(const std::vector<unsigned char> &near);
  // The lists as they were.
  void restore();

 private:
  struct PairList {
    NeighList *list;
    bool full;    // both (i,j) and (j,i)
    int inum;
    std::vector<int> ilist, numneigh;
    std::vector<int *> firstneigh;
  };
  std::vector<PairList> taken_over;
  std::vector<std::vector<int>> pools;    // neighbors, one array a list

  struct Entry {
    double x[3];
    int local, canonical;
    int key;    // of the type and whether it moves, in a row of `cutoffs`
    unsigned char moves, near;
  };
  // Atoms by cell.
  struct Sorted {
    std::vector<Entry> entries;
    std::vector<int> starts;
  };
  Sorted owned, ghosts, near_owned, near_ghosts;
  double low[3], width[3], per_width[3];
  int count[3];

  std::vector<double> cutoffs;    // squared, [key][key]
  int keys;
  double skin;
  double reach;    // largest cutoff, not squared
  std::vector<int> cells, next, rows, slots;
  std::vector<unsigned char> populated;
  std::vector<std::pair<int, std::size_t>> begins;    // of the rows, with their atoms
  std::size_t used;                                   // entries of the pool

  static bool plain(const NeighList *list);
  static bool has(const NeighList *list, int i, int j);
  int kind(const NeighList *list) const;
  void set_cutoffs(double margin);
  const double *cutoffs_of(const Entry &a) const { return &cutoffs[a.key * keys]; }
  void make_cells(const std::vector<int> &canonical);
  int place(double x, int dim) const;
  void sort(Sorted &sorted, int begin, int end, const std::vector<int> &canonical,
            const std::vector<unsigned char> &moves);
  void keep_near(Sorted &from, const std::vector<unsigned char> &near, Sorted &to) const;
  void choose_rows();
  void fill(PairList &target, std::vector<int> &pool);
  template <typename Keep>
  void append(const Entry &a, const Sorted &sorted, std::vector<int> &pool, Keep keep);
  template <typename Visit> void around(const double *x, const Sorted &sorted, Visit visit) const;
};

}    // namespace LAMMPS_NS

#endif
