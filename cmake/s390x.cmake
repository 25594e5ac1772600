# SPDX-License-Identifier: GPL-2.0-or-later
# Linux on s390x: big-endian, so whatever forgets le32_get() fails here.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR s390x)
set(CMAKE_C_COMPILER s390x-linux-gnu-gcc)
find_program(LG_QEMU_S390X NAMES qemu-s390x qemu-s390x-static)
if(LG_QEMU_S390X)
	set(CMAKE_CROSSCOMPILING_EMULATOR ${LG_QEMU_S390X})
endif()
