# SPDX-License-Identifier: GPL-2.0-or-later
# Linux on a 32-bit x86: pointers are as wide as the Guest's, and long is.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR i686)
set(CMAKE_C_COMPILER i686-linux-gnu-gcc)
find_program(LG_QEMU_I386 NAMES qemu-i386 qemu-i386-static)
if(LG_QEMU_I386)
	set(CMAKE_CROSSCOMPILING_EMULATOR ${LG_QEMU_I386})
endif()
