#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# inspect.sh LGEMU IMAGES: what `lgemu inspect` says of guests of ours, one of each bus, and that it
# says where a 2.6.23 kernel starts: its ELF entry is that of a bare PC.
set -eu
lgemu=$1 images=$2

wants() { # wants IMAGE LINE...
	image=$images/$1.elf
	shift
	said=$("$lgemu" inspect "$image")
	for line; do
		echo "$said" | tr -s ' ' | grep -qF -e "$line" || {
			echo "$said"
			echo "FAIL: not a word of \"$line\""
			exit 1
		}
	done
}

wants e23-dma 'era: abi_2_6_23' 'devices: DMA bus' 'a Guest starts behind a string in the image' \
	'because of: the string "GenuineLguest" in the image'
wants conformance-2.6.24 'era: abi_2_6_24' 'release: 2.6.24' 'can be run: yes'
wants conformance-3.11 'era: abi_3_10' 'releases: 3.10 to 3.19' 'devices: virtio, lguest bus'
wants conformance-4.1 'era: abi_4_0' 'devices: virtio, PCI'
! "$lgemu" inspect "$images/conformance-3.11.elf" | grep -q "behind a string"
