/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:596
 * lgemu's own board.  It has one device, the door (base/door.h), which is timer, clock on the wall,
 * interrupt lines and telephone in one.  Here we answer the telephone.
:*/
#include "ring0.h"

static uint64_t armed;

static void door_setup(void)
{
	armed = 0;
}

/* One count of the board clock is one ns; that is why nothing here divides. */
static uint64_t door_clock(void)
{
	return rdtsc();
}

/*H:850
 * The timer asks for attention until its deadline is written anew, so a deadline need only be
 * written when it is another one, or when it has come.
 */
static void door_arm_timer(uint64_t deadline)
{
	if (deadline == armed)
		return;
	armed = deadline;
	outl(DOOR_TIMER_LO, (uint32_t)deadline);
	outl(DOOR_TIMER_HI, (uint32_t)(deadline >> 32));
}

static void door_ack_timer(void)
{
	door_arm_timer(PORT_NEVER);
}
/*:*/

static void door_wall_time(uint32_t *sec, uint32_t *nsec)
{
	*sec = inl(DOOR_WALL_SEC);
	*nsec = inl(DOOR_WALL_NSEC);
}

static uint32_t door_tsc_khz(void)
{
	return DOOR_TSC_KHZ;
}

static uint32_t door_event_map(void)
{
	return inl(DOOR_EVENT_MAP);
}

static uint32_t door_events(unsigned guest)
{
	outl(DOOR_EVENT_SEL, guest);
	return inl(DOOR_EVENT);
}

static void door_putchar(char c)
{
	outl(DOOR_CONSOLE, (uint8_t)c);
}

static void door_fail(const struct door_failure *failure)
{
	outl(DOOR_FAIL, (uint32_t)failure);
}

static void answer_selftest(struct host *host, struct door_answer *ans)
{
	static const char failed[] = "the self-test failed";
	bool ok = selftest(host);

	memset(ans, 0, sizeof(*ans));
	ans->op = le32(ok ? DOOR_ANS_OK : DOOR_ANS_REFUSED);
	if (!ok)
		memcpy(ans->text, failed, sizeof(failed));
}

/*H:851
 * The Host's main loop, if it can be called one.  Ringing the bell stops the machine; when it goes
 * on, somebody has left a request.
 */
static void door_main(struct host *host, struct door_page *page, uint32_t multiboot_info)
{
	(void)multiboot_info;
	outl(DOOR_PAGE, (uint32_t)page);
	page->ans.op = le32(DOOR_ANS_BOOTED);
	for (;;) {
		outl(DOOR_BELL, 1);
		if (le32_get(page->req.op) == DOOR_REQ_SELFTEST)
			answer_selftest(host, &page->ans);
		else
			serve(host, &page->req, &page->ans);
	}
}
/*:*/

const struct board door_board = {
	.setup = door_setup,
	.clock = door_clock,
	.arm_timer = door_arm_timer,
	.ack_timer = door_ack_timer,
	.wall_time = door_wall_time,
	.tsc_khz = door_tsc_khz,
	.event_map = door_event_map,
	.events = door_events,
	.putchar = door_putchar,
	.fail = door_fail,
	.main = door_main,
};
