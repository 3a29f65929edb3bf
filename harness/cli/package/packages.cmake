# What goes beside the program, and the packages: cpack in the build directory makes two Debian packages, pgduet and
# libpgduet-gate-dev (the component "development": headers, the library and how to find it).

# The links between these documents are relative, so they keep their places.
set(documents ${CMAKE_INSTALL_DATADIR}/doc/pgduet)
install(FILES README.md harness/cli/package/copyright DESTINATION ${documents} COMPONENT program)
install(FILES workloads/README.md DESTINATION ${documents}/workloads COMPONENT program)
install(FILES baselines/README.md DESTINATION ${documents}/baselines COMPONENT program)
install(FILES gate/time.md gate/history.md DESTINATION ${documents}/gate COMPONENT program)
install(FILES harness/cli/package/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libpgduet-gate-dev COMPONENT development)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME pgduet)
set(CPACK_PACKAGE_CONTACT "pgduet maintainers <maintainers@pgduet.invalid>")

# Debian wants a change log, packed, in each package.
configure_file(harness/cli/package/changelog.in ${CMAKE_BINARY_DIR}/changelog @ONLY)
execute_process(COMMAND gzip --best --no-name --force ${CMAKE_BINARY_DIR}/changelog COMMAND_ERROR_IS_FATAL ANY)
install(FILES ${CMAKE_BINARY_DIR}/changelog.gz DESTINATION ${documents} COMPONENT program)
install(FILES ${CMAKE_BINARY_DIR}/changelog.gz DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libpgduet-gate-dev COMPONENT development)

set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "CI gate against slower PostgreSQL queries")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL program development)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME pgduet)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS "postgresql, git")
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION "${PROJECT_DESCRIPTION}.
Runs declared queries before and after a change on private servers, and
tells which of them got slower, and why: plans, work, results and times
are compared.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libpgduet-gate-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "nlohmann-json3-dev (>= 3.11), libpg-query-dev, libxxhash-dev, pkg-config")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "pgduet's comparison of PostgreSQL plans as a C++20 library.
A static library that compares plans, results, work and times, and judges
them. It needs no server and no network.")
include(CPack)
