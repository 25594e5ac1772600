# SPDX-License-Identifier: GPL-2.0-or-later
#
# One static library per folder of src/, and for each an include directory of its own in which
# only those folders exist that it may see:
#
#   build/<preset>/inc/cpu/base -> src/base
#   build/<preset>/inc/cpu/mmu  -> src/mmu
#   build/<preset>/inc/cpu/cpu  -> src/cpu
#
# so that #include "machine/board.h" in src/cpu does not compile. tests/layers tries that.
# A folder's files include each other as "x.h", from its subfolders, too; by -iquote, so that
# <elf.h> is never our elf.h.

set(LG_INCLUDE_ROOTS ${CMAKE_BINARY_DIR}/inc)
set(LG_FOLDERS "" CACHE INTERNAL "")

# lg_sources(VAR pattern...): the files that match, found again at every build.
function(lg_sources var)
	list(TRANSFORM ARGN PREPEND ${CMAKE_SOURCE_DIR}/)
	file(GLOB files CONFIGURE_DEPENDS ${ARGN})
	list(SORT files)
	set(${var} ${files} PARENT_SCOPE)
endfunction()

# lg_include_root(name entry...): fill inc/<name>; an entry is a folder, or folder/header.h.
function(lg_include_root name)
	set(root ${LG_INCLUDE_ROOTS}/${name})
	file(REMOVE_RECURSE ${root})
	foreach(entry ${ARGN})
		get_filename_component(parent ${root}/${entry} DIRECTORY)
		file(MAKE_DIRECTORY ${parent})
		file(CREATE_LINK ${CMAKE_SOURCE_DIR}/src/${entry} ${root}/${entry} SYMBOLIC)
	endforeach()
	file(MAKE_DIRECTORY ${root})
endfunction()

# lg_folder(name SEES entry... [SOURCES_IN dir...] [EXCEPT file...] [USES library...] [API]):
# the library lg_<name>. API adds include/, where the public header is.
function(lg_folder name)
	cmake_parse_arguments(A "API" "" "SEES;SOURCES_IN;EXCEPT;USES" ${ARGN})
	if(NOT A_SOURCES_IN)
		set(A_SOURCES_IN ${name})
	endif()
	set(patterns ${A_SOURCES_IN})
	list(TRANSFORM patterns PREPEND src/)
	list(TRANSFORM patterns APPEND /*.c)
	lg_sources(sources ${patterns})
	foreach(file ${A_EXCEPT})
		list(REMOVE_ITEM sources ${CMAKE_SOURCE_DIR}/src/${name}/${file})
	endforeach()

	# The native home is a corner of src/lguest, not a folder that others name.
	set(own ${name})
	if(name STREQUAL native)
		set(own lguest)
	endif()
	set(entries ${A_SEES} ${own})
	list(REMOVE_ITEM entries native)
	list(REMOVE_DUPLICATES entries)
	lg_include_root(${name} ${entries})
	set(include ${LG_INCLUDE_ROOTS}/${name})
	if(A_API)
		list(APPEND include ${CMAKE_SOURCE_DIR}/include)
	endif()

	set(links ${A_SEES})
	list(TRANSFORM links REPLACE "/.*" "")
	list(TRANSFORM links PREPEND lg_)
	if(sources)
		add_library(lg_${name}_objects OBJECT ${sources})
		target_include_directories(lg_${name}_objects PRIVATE ${include})
		target_compile_options(lg_${name}_objects PRIVATE
			"SHELL:-iquote ${LG_INCLUDE_ROOTS}/${name}/${own}"
			-ffile-prefix-map=${LG_INCLUDE_ROOTS}/${name}/=src/)
		target_link_libraries(lg_${name}_objects PRIVATE ${A_USES})
		add_library(lg_${name} STATIC $<TARGET_OBJECTS:lg_${name}_objects>)
		target_link_libraries(lg_${name} PUBLIC ${links} ${A_USES})
	else()
		add_library(lg_${name} INTERFACE)
		target_link_libraries(lg_${name} INTERFACE ${links} ${A_USES})
	endif()
	set(LG_FOLDERS ${LG_FOLDERS} ${name} CACHE INTERNAL "")
endfunction()

# lg_program(): liblgemu.a out of all folders, the program lgemu in front of it, and what is
# installed beside them.
function(lg_program)
	set(objects "")
	foreach(name ${LG_FOLDERS})
		if(TARGET lg_${name}_objects)
			list(APPEND objects $<TARGET_OBJECTS:lg_${name}_objects>)
		endif()
	endforeach()
	if(NOT objects)
		return()
	endif()
	# The images are a library of their own, so that a unit test of the launcher has them too.
	add_library(lg_images_objects OBJECT)
	lg_embed(lg_images_objects lgemu_host_image "${LG_IMAGE_host}")
	lg_embed(lg_images_objects lgemu_puppy_image "${LG_IMAGE_puppy}")
	add_library(lg_images STATIC $<TARGET_OBJECTS:lg_images_objects>)
	add_library(lgemu_library STATIC ${objects} $<TARGET_OBJECTS:lg_images_objects>)
	set_target_properties(lgemu_library PROPERTIES OUTPUT_NAME lgemu)
	target_link_libraries(lgemu_library PUBLIC PkgConfig::ELF PkgConfig::ZLIB lg_slirp lg_nbd lg_seccomp)
	target_include_directories(lgemu_library INTERFACE ${CMAKE_SOURCE_DIR}/include)

	set(build "${CMAKE_C_COMPILER_ID} ${CMAKE_C_COMPILER_VERSION}, ${LG_DISPATCH} dispatch, ${LG_NETWORK}, ${LG_SERVERS}, ${LG_CONFINED}, ${LG_PRESET}")
	set(definitions LG_VERSION="${PROJECT_VERSION}" LG_BUILD="${build}")
	if(TARGET lg_launcher_objects)
		target_compile_definitions(lg_launcher_objects PRIVATE ${definitions})
		target_link_libraries(lg_launcher PUBLIC lg_images)
	endif()
	set(main ${CMAKE_SOURCE_DIR}/src/launcher/main.c)
	if(EXISTS ${main})
		add_executable(lgemu ${main})
		target_include_directories(lgemu PRIVATE ${LG_INCLUDE_ROOTS}/launcher ${CMAKE_SOURCE_DIR}/include)
		target_compile_definitions(lgemu PRIVATE ${definitions})
		target_link_libraries(lgemu PRIVATE lgemu_library)
		install(TARGETS lgemu)
	endif()

	install(TARGETS lgemu_library)
	install(FILES docs/lgemu.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
	install(FILES completions/lgemu DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
	if(EXISTS ${CMAKE_SOURCE_DIR}/include/lgemu.h)
		# Relative to where it lies, so that cmake --install --prefix keeps it true.
		file(RELATIVE_PATH LG_PC_UP /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
		string(REGEX REPLACE "/$" "" LG_PC_UP "${LG_PC_UP}")
		set(LG_PC_LIBS "")
		if(LG_NETWORK STREQUAL "libslirp")
			set(LG_PC_LIBS " -lslirp")
		endif()
		if(LG_CONFINED STREQUAL "libseccomp")
			string(APPEND LG_PC_LIBS " -lseccomp")
		endif()
		configure_file(cmake/lgemu.pc.in lgemu.pc @ONLY)
		install(FILES include/lgemu.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
		install(FILES ${CMAKE_BINARY_DIR}/lgemu.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
	endif()
endfunction()
