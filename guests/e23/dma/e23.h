/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1082 guests/e23/dma/e23.h: The Host of 2.6.23 as a guest sees it: its lguest_data, its calls, of
 * which BIND_DMA has an answer, its DMA lists and its devices. :*/
#ifndef E23_H
#define E23_H

#include "../../lib/abi.h"
#include "../../lib/lib.h"

#define LHCALL_CRASH	2
#define LHCALL_BIND_DMA 12
#define LHCALL_SEND_DMA 13

#define DMA_SECTIONS 16

/*G:760 The form of 2.6.23: no irq_pending, no kernel_address, no syscall_vec, and a number that the
 * Host gives to each guest. A queued call has its first argument second, as in the registers'
 * alphabet of nobody. */
struct lguest_data_2_6_23 {
	u32 irq_enabled, blocked_interrupts, cr2, time_sec, time_nsec;
	u8 hcall_status[LHCALL_RING_SIZE];
	struct {
		u32 eax, edx, ebx, ecx;
	} hcalls[LHCALL_RING_SIZE];
	u32 reserve_mem;
	u16 guestid, pad;
	u32 tsc_khz, noirq_start, noirq_end;
};

_Static_assert(offsetof(struct lguest_data_2_6_23, hcalls) == 0x054, "layout A");
_Static_assert(offsetof(struct lguest_data_2_6_23, guestid) == 0x458, "layout A");
_Static_assert(sizeof(struct lguest_data_2_6_23) == 0x468, "layout A");

extern volatile struct lguest_data_2_6_23 lguest_data;
/*:*/

struct lguest_dma {
	u32 used_len, addr[DMA_SECTIONS];
	u16 len[DMA_SECTIONS];
};

_Static_assert(sizeof(struct lguest_dma) == 100, "devices.md 1.3");

struct lguest_device_desc {
	u16 type, features, status, num_pages;
	u32 pfn;
};

enum { DEVICE_CONSOLE = 1, DEVICE_NET = 2, DEVICE_BLOCK = 3, DEVICES = 16 };
enum { STATUS_ACKNOWLEDGE = 1, STATUS_DRIVER = 2, STATUS_DRIVER_OK = 4 };

/* Where the pages behind our memory are mapped, the descriptors first. */
#define DEVICE_MAP 0xd0000000u

static inline u32 phys_of(const volatile void *p)
{
	return (u32)p - PAGE_OFFSET;
}

/* host.c */
extern u32 ram_bytes;
extern volatile u32 irq_count[16];
u32 hcall(u32 call, u32 arg1, u32 arg2, u32 arg3);
void hcall_queue(u32 slot, u32 call, u32 arg1, u32 arg2, u32 arg3);
u32 bind_dma(u32 key, const volatile struct lguest_dma *array, u32 count, u32 irq);
void send_dma(u32 key, const volatile struct lguest_dma *dma);
void crash(const char *why) __attribute__((noreturn));
void map_devices(void);
volatile struct lguest_device_desc *find_device(u16 type, u32 *irq);
volatile void *device_page(const volatile struct lguest_device_desc *desc);
void set_list(volatile struct lguest_dma *dma, volatile void *at, u16 len);
/* Sleep until that interrupt has come once more; 0: it has not, for a second. */
int wait_irq(u32 irq);
void sleep_ns(u32 ns);
/* What stands behind "NAME" in the command line; NULL: it is not there. */
const char *argument(const char *name);

/* disk.c, net.c, lies.c */
void try_disk(void);
void try_net(const char *part);
void tell_lie(const char *name);

#endif
