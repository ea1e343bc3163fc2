/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_ARTN_QUEUE_H
#define ERGODIC_ARTN_QUEUE_H

#include "pointers.h"

#include <cstdint>
#include <mpi.h>
#include <vector>

namespace LAMMPS_NS {

// The counter from which partitions take positions in their common list of centers. It is kept by
// the first rank of the first partition, which answers the others between its force evaluations.
class ArtnQueue : protected Pointers {
 public:
  explicit ArtnQueue(class LAMMPS *);

  // On all ranks of all partitions: the list begins.
  void begin();
  // On all ranks of a partition: the next position.
  int64_t next();
  // On any rank, often: answers what other partitions have asked.
  void serve();
  // On all ranks of all partitions: returns when nobody asks any more.
  void finish();
  // On all ranks of all partitions: the bytes of all partitions but this one, which each partition
  // gives on its first rank.
  std::vector<uint8_t> exchange(const uint8_t *bytes, int64_t length);
  // On all ranks of all partitions: the bytes of the first rank of all.
  std::vector<uint8_t> broadcast(const uint8_t *bytes, int64_t length);

 private:
  int64_t position = 0;
  int gone = 0;    // partitions that will not ask any more

  bool keeper() const;
  void answer(const int *message);
};

}    // namespace LAMMPS_NS

#endif
