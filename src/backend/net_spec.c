/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:683
 * Taking that word apart.  Pure functions of a string; nothing is opened and nothing looked up.
:*/
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net_spec.h"

static int refuse(const char **why, const char *clause)
{
	*why = clause;
	return -EINVAL;
}

/* n bytes at p as a string; false if they do not fit. */
static bool copy(char *to, size_t size, const char *p, size_t n)
{
	if (n >= size)
		return false;
	memcpy(to, p, n);
	to[n] = '\0';
	return true;
}

static bool parse_mac(const char *text, uint8_t mac[6])
{
	for (unsigned i = 0; i < 6; i++, text += 3) {
		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) ||
		    text[2] != (i < 5 ? ':' : '\0'))
			return false;
		mac[i] = (uint8_t)strtoul(text, NULL, 16);
	}
	return true;
}

static int take_mac(struct net_spec *spec, const char *text, const char **why)
{
	if (!parse_mac(text, spec->mac))
		return refuse(why, "has no MAC address of six hexadecimal pairs with colons");
	/* A group cannot have a network card, and nobody at all is not an address. */
	if (spec->mac[0] & 1 || !memcmp(spec->mac, "\0\0\0\0\0", 6))
		return refuse(why, "has a MAC address that no card can have");
	spec->has_mac = true;
	return 0;
}

static bool parse_addr(const char *text, uint32_t *addr)
{
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) != 1)
		return false;
	*addr = ntohl(in.s_addr);
	return true;
}

/* "[ADDRESS]:PORT"; no address leaves *addr as it is. */
static bool parse_end(const char *p, size_t n, uint32_t *addr, uint16_t *port)
{
	char text[64], *colon, *end;
	unsigned long v;

	if (!copy(text, sizeof(text), p, n))
		return false;
	colon = strrchr(text, ':');
	if (!colon || !isdigit((unsigned char)colon[1]))
		return false;
	*colon = '\0';
	v = strtoul(colon + 1, &end, 10);
	if (*end || !v || v > UINT16_MAX)
		return false;
	*port = (uint16_t)v;
	return !*text || parse_addr(text, addr);
}

/*D:705
 * QEMU's words for a forwarded port: tcp::2222-:22 is "who connects to port 2222 of this host is
 * talking to port 22 of the Guest".  Where QEMU takes no address for all addresses we take it for
 * 127.0.0.1: to let the whole world in, one has to say 0.0.0.0.
 */
static int take_forward(struct net_spec *spec, const char *text, const char **why)
{
	struct net_forward f = {.host_addr = INADDR_LOOPBACK};
	const char *dash = strchr(text, '-');

	f.udp = !strncmp(text, "udp:", 4);
	if (!dash || (!f.udp && strncmp(text, "tcp:", 4) != 0) ||
	    !parse_end(text + 4, (size_t)(dash - text - 4), &f.host_addr, &f.host_port) ||
	    !parse_end(dash + 1, strlen(dash + 1), &f.guest_addr, &f.guest_port))
		return refuse(why, "wants a port to forward like this: hostfwd=tcp::2222-:22");
	if (spec->nr_forwards == NET_FORWARDS)
		return refuse(why, "forwards more ports than the 16 there is room for");
	spec->forward[spec->nr_forwards++] = f;
	return 0;
}
/*:*/

static int take_option(struct net_spec *spec, const char *text, const char **why)
{
	if (!strncmp(text, "mac=", 4))
		return take_mac(spec, text + 4, why);
	if (spec->kind != NET_USER)
		return refuse(why,
			      "has an option that such a network does not know; all know mac=");
	if (!strncmp(text, "hostfwd=", 8))
		return take_forward(spec, text + 8, why);
	if (strcmp(text, "allow-host") != 0)
		return refuse(why, "has an option that is none of mac=, hostfwd= and allow-host");
	spec->allow_host = true;
	return 0;
}

static int take_kind(struct net_spec *spec, const char *word, const char **why)
{
	static const struct {
		const char *word;
		enum net_kind kind;
		bool where, needs_where;
	} kinds[] = {
		{"none", NET_NONE, false, false}, {"hub", NET_HUB, true, false},
		{"user", NET_USER, false, false}, {"stream", NET_STREAM, true, true},
		{"tap", NET_TAP, true, true},
	};
	const char *colon = strchr(word, ':');
	size_t n = colon ? (size_t)(colon - word) : strlen(word);

	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
		if (n != strlen(kinds[i].word) || strncmp(word, kinds[i].word, n) != 0)
			continue;
		if (colon ? !kinds[i].where || !colon[1] : kinds[i].needs_where)
			return refuse(why, colon && !kinds[i].where
						   ? "takes nothing behind a colon"
						   : "does not say where: behind the colon");
		spec->kind = kinds[i].kind;
		if (colon && !copy(spec->where, sizeof(spec->where), colon + 1, strlen(colon + 1)))
			return refuse(why, "is too long");
		return 0;
	}
	return refuse(why, "is none of user, hub, hub:PATH, stream:..., tap:NAME and none");
}

int net_spec_parse(struct net_spec *spec, const char *text, const char **why)
{
	char word[NET_WHERE_BYTES];
	bool first = true;
	int err = 0;

	memset(spec, 0, sizeof(*spec));
	while (!err && text) {
		const char *comma = strchr(text, ',');
		size_t n = comma ? (size_t)(comma - text) : strlen(text);

		if (!copy(word, sizeof(word), text, n))
			return refuse(why, "is too long");
		err = first ? take_kind(spec, word, why) : take_option(spec, word, why);
		first = false;
		text = comma ? comma + 1 : NULL;
	}
	return err;
}

int net_spec_hub(struct net_spec *spec, const char *path, const char **why)
{
	memset(spec, 0, sizeof(*spec));
	spec->kind = NET_HUB;
	if (!*path)
		return refuse(why, "does not say which");
	if (!copy(spec->where, sizeof(spec->where), path, strlen(path)))
		return refuse(why, "is too long");
	return 0;
}

/*D:706
 * The original's words, which name what the host's side of the cable is to be.
 */
int net_spec_parse_tunnet(struct net_spec *spec, const char *text, const char **why)
{
	const char *colon;
	size_t n;

	memset(spec, 0, sizeof(*spec));
	spec->kind = NET_TAP;
	spec->make = true;
	spec->bridge = !strncmp(text, "bridge:", 7);
	if (spec->bridge)
		text += 7;
	colon = strchr(text, ':');
	n = colon ? (size_t)(colon - text) : strlen(text);
	if (!copy(spec->where, sizeof(spec->where), text, n))
		return refuse(why, "is too long");
	if (spec->bridge && !n)
		return refuse(why, "does not name a bridge");
	if (!spec->bridge && !parse_addr(spec->where, &spec->addr))
		return refuse(why, "is neither an IP address nor bridge:NAME");
	return colon ? take_mac(spec, colon + 1, why) : 0;
}
/*:*/
