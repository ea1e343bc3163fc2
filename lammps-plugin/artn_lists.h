/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_ARTN_LISTS_H
#define ERGODIC_ARTN_LISTS_H

#include "pointers.h"

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
  bool adopt();
  // Lists for the present positions of owned and ghost atoms. `canonical` = index by local index,
  // `moves` = by canonical index, whether the atom may move: by at most skin/2 until the next build.
  // `filter` leaves out pairs that forces on moving atoms do not depend on.
  void build(const std::vector<int> &canonical, const std::vector<unsigned char> &moves,
             bool filter, double skin);
  // The lists as they were.
  void put_back();

 private:
  struct Adopted {
    NeighList *list;
    bool full;    // both (i,j) and (j,i)
    int inum;
    std::vector<int> ilist, numneigh;
    std::vector<int *> firstneigh;
  };
  std::vector<Adopted> adopted;
  std::vector<std::vector<int>> pools;    // neighbors, one array a list

  struct Entry {
    double x[3];
    int local, canonical, type;
    unsigned char moves, near;
  };
  std::vector<Entry> entries;    // owned and ghost atoms by cell
  std::vector<int> starts;       // of the cells in `entries`
  std::vector<int> cells;        // of the atoms
  double low[3], scale[3];
  int count[3];

  std::vector<unsigned char> near;        // by canonical index
  std::vector<unsigned char> populated;   // cells with an atom that is near
  std::vector<int> rows, row_cells, first;
  std::vector<double> cutoffs;    // squared, [frozen, one moves, both move][type][type]

  static bool plain(const NeighList *list);
  static bool has(const NeighList *list, int i, int j);
  int kind(const NeighList *list) const;
  void sort_into_cells(const std::vector<int> &canonical, const std::vector<unsigned char> &moves);
  int cell(const double *x, int *place) const;
  void set_cutoffs(double skin);
  double cutoff(const Entry &a, const Entry &b) const;
  void mark_near(const std::vector<unsigned char> &moves);
  void choose_rows();
  void fill(Adopted &target, std::vector<int> &pool);
  template <typename Visit> void around(int cell, Visit visit) const;
};

}    // namespace LAMMPS_NS

#endif
