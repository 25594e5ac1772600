/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:530
 * Guest memory: the only way in which the Host ever touches what belongs to a Guest.  Every
 * address a Guest gives us is a number that a stranger wrote on a slip of paper, so it is checked
 * here, each time, against the memory that Guest has; there is no other check to forget.
:*/
#include "lg.h"

/*H:100
 * Guest-physical to machine-physical.  It is nearly always an addition, but only guest_page() may
 * know: the network of the oldest Guests is a page that several of them share.  What such pages
 * need is out of line: few want it, and all would save registers for it.
 */
static const struct shared_page *find_shared(const struct lguest *lg, uint32_t pfn)
{
	const struct shared_page *s;

	for (s = lg->shared; s < lg->shared + lg->nr_shared; s++)
		if (s->pfn == pfn)
			return s;
	return NULL;
}

bool guest_page_shared(const struct lguest *lg, uint32_t pfn)
{
	return pfn >= lg->own_pfns && find_shared(lg, pfn);
}

__attribute__((noinline)) hpa_t guest_page_not_own(const struct lguest *lg, uint32_t pfn)
{
	const struct shared_page *s = find_shared(lg, pfn);

	return s ? s->page : HPA(lg->mem_base.v + (pfn << PAGE_SHIFT));
}

hpa_t guest_hpa(const struct lguest *lg, gpa_t addr)
{
	return HPA(guest_page(lg, addr.v >> PAGE_SHIFT).v + (addr.v & ~PAGE_MASK));
}

/* The last byte of the last page counts as memory: the first hosts were shy of it. */
bool lguest_address_ok(const struct lguest *lg, gpa_t addr, uint32_t len)
{
	return addr.v + len >= addr.v && addr.v + len <= lg->pfn_limit << PAGE_SHIFT;
}
/*:*/

/* How much of [addr, addr+len) lies in the first page. */
static uint32_t in_page(gpa_t addr, uint32_t len)
{
	uint32_t room = PAGE_SIZE - (addr.v & ~PAGE_MASK);

	return len < room ? len : room;
}

static void copy_out(struct lguest *lg, uint8_t *to, gpa_t addr, uint32_t len)
{
	while (len) {
		uint32_t part = in_page(addr, len);

		memcpy(to, port_look(lg->host, guest_hpa(lg, addr)), part);
		to += part;
		addr.v += part;
		len -= part;
	}
}

bool try_lgread(struct lguest *lg, void *to, gpa_t addr, uint32_t len)
{
	if (!lguest_address_ok(lg, addr, len))
		return false;
	copy_out(lg, to, addr, len);
	return true;
}

/*H:101
 * Reading and writing, in the style of the house: on a bad address the Guest is killed and the
 * caller gets zeroes, which harm nobody.
 */
void lgread(struct lguest *lg, void *to, gpa_t addr, uint32_t len)
{
	if (try_lgread(lg, to, addr, len))
		return;
	memset(to, 0, len);
	kill_guest(lg, "bad read address %#lx len %u", (unsigned long)addr.v, len);
}

void lgwrite(struct lguest *lg, gpa_t addr, const void *from, uint32_t len)
{
	const uint8_t *p = from;
	uint32_t part;

	if (!lguest_address_ok(lg, addr, len)) {
		kill_guest(lg, "bad write address %#lx len %u", (unsigned long)addr.v, len);
		return;
	}
	for (; len; len -= part) {
		part = in_page(addr, len);
		memcpy(port_change(lg->host, guest_hpa(lg, addr)), p, part);
		p += part;
		addr.v += part;
	}
}
/*:*/

uint32_t lgread_u32(struct lguest *lg, gpa_t addr)
{
	le32_t val;

	if (LIKELY(!(addr.v & 3) && addr.v >> PAGE_SHIFT < lg->own_pfns))
		return le32_get(*(const le32_t *)port_look(lg->host, own_hpa(lg, addr)));
	lgread(lg, &val, addr, 4);
	return le32_get(val);
}

void lgwrite_u32(struct lguest *lg, gpa_t addr, uint32_t val)
{
	le32_t raw = le32(val);

	lgwrite(lg, addr, &raw, 4);
}

/*H:102
 * struct lguest_data.  When the Guest gave us its address we checked that all of it is the Guest's
 * own, and the Guest's memory never shrinks, so a word of it can be had without ceremony.  It is
 * 4-aligned, so no word straddles a page.
 */
static hpa_t lgdata_hpa(const struct lguest *lg, unsigned offset)
{
	return own_hpa(lg, GPA(lg->lguest_data.v + offset));
}

uint32_t lgdata_get(const struct lguest *lg, unsigned offset)
{
	return le32_get(*(const le32_t *)port_look(lg->host, lgdata_hpa(lg, offset)));
}

void lgdata_put(struct lguest *lg, unsigned offset, uint32_t val)
{
	*(le32_t *)port_change(lg->host, lgdata_hpa(lg, offset)) = le32(val);
}

uint8_t lgdata_get_byte(const struct lguest *lg, unsigned offset)
{
	return *(const uint8_t *)port_look(lg->host, lgdata_hpa(lg, offset));
}

void lgdata_put_byte(struct lguest *lg, unsigned offset, uint8_t val)
{
	*(uint8_t *)port_change(lg->host, lgdata_hpa(lg, offset)) = val;
}
/*:*/
