# Where `cmake --install` puts things. Everything is relative to the prefix, so that the tree can be moved. Builds for
# several LAMMPS live side by side in one prefix; they share all but styles and modulefile.
set(ERGODIC_LAMMPS_MODULE "" CACHE STRING "Module that Ergodic's modulefile loads first, such as lammps/22Jul2025")
include(GNUInstallDirs)

if(SKBUILD)
  # The wheel: below the Python package, which scikit-build-core adds.
  install(TARGETS ergodicplugin LIBRARY DESTINATION plugins)
  install(TARGETS ${ergodic_builds} LIBRARY DESTINATION plugins/ergodic)
  return()
endif()

set(plugin_dir ${CMAKE_INSTALL_LIBDIR}/lammps/plugins)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ergodic)
set(module_dir ${CMAKE_INSTALL_DATADIR}/modulefiles/ergodic)
set(data_dir ${CMAKE_INSTALL_DATADIR}/ergodic)
string(REPLACE ";" "|" builds "${ergodic_builds}")

configure_file(cmake/CheckPrefix.cmake.in CheckPrefix.cmake @ONLY)
install(SCRIPT ${PROJECT_BINARY_DIR}/CheckPrefix.cmake COMPONENT plugin)

install(TARGETS ergodicplugin LIBRARY DESTINATION ${plugin_dir} COMPONENT plugin)
install(TARGETS ${ergodic_builds} LIBRARY DESTINATION ${plugin_dir}/ergodic COMPONENT plugin)
install(FILES README.md LICENSE THIRD-PARTY.md CHANGELOG.md CITATION.cff
  DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT plugin)
install(DIRECTORY doc/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/doc COMPONENT plugin)
install(DIRECTORY examples/ DESTINATION ${data_dir}/examples USE_SOURCE_PERMISSIONS COMPONENT plugin
  PATTERN .gitignore EXCLUDE PATTERN output EXCLUDE PATTERN __pycache__ EXCLUDE)
install(DIRECTORY python/ DESTINATION ${data_dir}/python COMPONENT plugin PATTERN __pycache__ EXCLUDE)

# Lmod takes the .lua file, Environment Modules the Tcl one (it has no extension there). They find the prefix from their
# own place.
set(lua_load "")
set(tcl_load "")
if(ERGODIC_LAMMPS_MODULE)
  set(lua_load "depends_on(\"${ERGODIC_LAMMPS_MODULE}\")")
  set(tcl_load "module load ${ERGODIC_LAMMPS_MODULE}")
endif()
foreach(build IN LISTS ergodic_builds)
  get_target_property(lammps_date ${build} LAMMPS_DATE)
  set(module ${PROJECT_VERSION}-lammps-${lammps_date})
  configure_file(cmake/modulefile.lua.in modulefiles/${module}.lua @ONLY)
  configure_file(cmake/modulefile.tcl.in modulefiles/${module} @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/modulefiles/${module}.lua ${PROJECT_BINARY_DIR}/modulefiles/${module}
    DESTINATION ${module_dir} COMPONENT plugin)
endforeach()

include(CMakePackageConfigHelpers)
configure_package_config_file(cmake/ergodic-config.cmake.in ergodic-config.cmake INSTALL_DESTINATION ${package_dir}
  PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(ergodic-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${ergodic_static_library} DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(FILES include/ergodic.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(FILES ${PROJECT_BINARY_DIR}/ergodic-config.cmake ${PROJECT_BINARY_DIR}/ergodic-config-version.cmake
  DESTINATION ${package_dir} COMPONENT development)

add_custom_target(uninstall COMMAND ${CMAKE_COMMAND} -D BINARY_DIR=${PROJECT_BINARY_DIR} -D "BUILDS=${builds}"
  -P ${PROJECT_SOURCE_DIR}/cmake/Uninstall.cmake VERBATIM)
