# Where `cmake --install` puts things. Everything is relative to the prefix, so that the tree can be moved.
set(plugin_dir lib/lammps/plugins)
set(package_dir lib/cmake/ergodic)
set(module_dir share/modulefiles/ergodic)

install(TARGETS ergodicplugin LIBRARY DESTINATION ${plugin_dir} COMPONENT plugin)
install(FILES README.md LICENSE THIRD-PARTY.md CHANGELOG.md CITATION.cff
  DESTINATION share/doc/ergodic COMPONENT plugin)
install(DIRECTORY doc/ DESTINATION share/doc/ergodic/doc COMPONENT plugin)
install(DIRECTORY examples/ DESTINATION share/ergodic/examples USE_SOURCE_PERMISSIONS COMPONENT plugin
  PATTERN .gitignore EXCLUDE PATTERN output EXCLUDE PATTERN __pycache__ EXCLUDE)

# Lmod takes the .lua file, Environment Modules the Tcl one (it has no extension there).
configure_file(cmake/modulefile.lua.in ${PROJECT_VERSION}.lua @ONLY)
configure_file(cmake/modulefile.tcl.in modulefile.tcl @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/${PROJECT_VERSION}.lua DESTINATION ${module_dir} COMPONENT plugin)
install(FILES ${PROJECT_BINARY_DIR}/modulefile.tcl DESTINATION ${module_dir} RENAME ${PROJECT_VERSION}
  COMPONENT plugin)

include(CMakePackageConfigHelpers)
configure_package_config_file(cmake/ergodic-config.cmake.in ergodic-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(ergodic-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${ergodic_static_library} DESTINATION lib COMPONENT development)
install(FILES include/ergodic.h DESTINATION include COMPONENT development)
install(FILES ${PROJECT_BINARY_DIR}/ergodic-config.cmake ${PROJECT_BINARY_DIR}/ergodic-config-version.cmake
  DESTINATION ${package_dir} COMPONENT development)
