/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:955
 * The outside ends of a network: words taken apart, a switch that learns, hubs in a folder of their
 * own (three in one process, which they cannot know), the stream over a socket pair, a capture read
 * back byte by byte, and address translation as far as it goes without anybody outside.
:*/
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "backend/net.h"
#include "backend/net_switch.h"
#include "backend/pcap.h"

static char folder[64];
static char path[96];
static uint8_t buf[NET_BYTES_MAX];

static void setup(void)
{
	strcpy(folder, "/tmp/lgemu-net-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/hub", folder);
}

static void teardown(void)
{
	ck_assert_msg(!rmdir(folder), "something was left in %s", folder);
}

/* A frame of n bytes from station `from` to station `to` (0xff: everybody). */
static const uint8_t *make_frame(uint8_t to, uint8_t from, uint32_t n)
{
	static uint8_t frame[NET_BYTES_MAX];

	for (uint32_t i = 0; i < n; i++)
		frame[i] = (uint8_t)(i * 31 + from);
	memset(frame, to == 0xff ? 0xff : 2, 6);
	frame[5] = to;
	memset(frame + 6, 2, 5);
	frame[11] = from;
	return frame;
}

/* --- words --------------------------------------------------------------------------------------- */

static struct net_spec spec;
static const char *clause;

static void right(const char *text)
{
	ck_assert_msg(!net_spec_parse(&spec, text, &clause), "%s %s", text, clause);
}

static void wrong(const char *text, const char *part)
{
	ck_assert_msg(net_spec_parse(&spec, text, &clause) == -EINVAL, "%s was accepted", text);
	ck_assert_msg(strstr(clause, part) != NULL, "%s: %s", text, clause);
}

START_TEST(words)
{
	right("user");
	ck_assert_int_eq(spec.kind, NET_USER);
	ck_assert(!spec.allow_host && !spec.has_mac);
	right("user,allow-host,hostfwd=tcp::2222-:22,hostfwd=udp:0.0.0.0:53-10.0.2.15:5353,"
	      "mac=02:aB:00:00:00:01");
	ck_assert(spec.allow_host && spec.has_mac);
	ck_assert_mem_eq(spec.mac, "\x02\xab\0\0\0\1", 6);
	ck_assert_uint_eq(spec.nr_forwards, 2);
	ck_assert(!spec.forward[0].udp && spec.forward[1].udp);
	ck_assert_uint_eq(spec.forward[0].host_addr, INADDR_LOOPBACK);
	ck_assert_uint_eq(spec.forward[0].host_port, 2222);
	ck_assert_uint_eq(spec.forward[0].guest_addr, 0);
	ck_assert_uint_eq(spec.forward[0].guest_port, 22);
	ck_assert_uint_eq(spec.forward[1].host_addr, 0);
	ck_assert_uint_eq(spec.forward[1].guest_addr, 0x0a00020f);
	right("hub");
	ck_assert_int_eq(spec.kind, NET_HUB);
	ck_assert_str_eq(spec.where, "");
	right("hub:/tmp/a:b,mac=02:00:00:00:00:01");
	ck_assert_str_eq(spec.where, "/tmp/a:b");
	right("stream:localhost:1234");
	ck_assert_str_eq(spec.where, "localhost:1234");
	right("tap:tap0");
	ck_assert(!spec.make);
	right("none");
	ck_assert_int_eq(spec.kind, NET_NONE);
}
END_TEST

START_TEST(wrong_words)
{
	char longest[400];

	wrong("", "none of");
	wrong("users", "none of");
	wrong("use", "none of");
	wrong("user:x", "nothing behind a colon");
	wrong("hub:", "where");
	wrong("tap", "where");
	wrong("stream:", "where");
	wrong("hub,allow-host", "does not know");
	wrong("user,", "option");
	wrong("user,allow", "option");
	wrong("hub,mac=02:00:00:00:00", "six");
	wrong("hub,mac=02:00:00:00:00:00:00", "six");
	wrong("hub,mac=02:00:00:00:00:0g", "six");
	wrong("hub,mac=03:00:00:00:00:01", "no card");
	wrong("hub,mac=00:00:00:00:00:00", "no card");
	wrong("user,hostfwd=", "hostfwd=tcp::2222-:22");
	wrong("user,hostfwd=tcp::2222", "hostfwd=tcp");
	wrong("user,hostfwd=sctp::1-:2", "hostfwd=tcp");
	wrong("user,hostfwd=tcp::0-:2", "hostfwd=tcp");
	wrong("user,hostfwd=tcp::65536-:2", "hostfwd=tcp");
	wrong("user,hostfwd=tcp::-1-:2", "hostfwd=tcp");
	wrong("user,hostfwd=tcp:1.2.3:1-:2", "hostfwd=tcp");
	wrong("user,hostfwd=-", "hostfwd=tcp");
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "hub:", 4);
	longest[sizeof(longest) - 1] = '\0';
	wrong(longest, "too long");
}
END_TEST

START_TEST(words_of_the_original)
{
	ck_assert_int_eq(net_spec_parse_tunnet(&spec, "192.168.19.1", &clause), 0);
	ck_assert(spec.make && !spec.bridge && !spec.has_mac);
	ck_assert_uint_eq(spec.addr, 0xc0a81301);
	ck_assert_int_eq(net_spec_parse_tunnet(&spec, "bridge:br0:02:00:00:00:00:09", &clause), 0);
	ck_assert(spec.make && spec.bridge && spec.has_mac);
	ck_assert_str_eq(spec.where, "br0");
	ck_assert_int_eq(net_spec_parse_tunnet(&spec, "bridge:", &clause), -EINVAL);
	ck_assert_int_eq(net_spec_parse_tunnet(&spec, "192.168.19", &clause), -EINVAL);
	ck_assert_int_eq(net_spec_parse_tunnet(&spec, "1.2.3.4:xx", &clause), -EINVAL);
	ck_assert_int_eq(net_spec_parse_tunnet(&spec, "", &clause), -EINVAL);
}
END_TEST

/* --- the switch ---------------------------------------------------------------------------------- */

START_TEST(switch_learns)
{
	struct net_switch sw = {0};

	for (unsigned port = 0; port < 4; port++)
		net_switch_plug(&sw, port);
	/* Nobody is known: to all but the sender. */
	ck_assert_uint_eq(net_switch_forward(&sw, 1, make_frame(2, 1, 14)), 0xd);
	ck_assert_uint_eq(net_switch_forward(&sw, 2, make_frame(1, 2, 14)), 0x2);
	ck_assert_uint_eq(net_switch_forward(&sw, 1, make_frame(2, 1, 14)), 0x4);
	ck_assert_uint_eq(net_switch_forward(&sw, 3, make_frame(0xff, 3, 14)), 0x7);
	/* To somebody behind the same port: nowhere. */
	ck_assert_uint_eq(net_switch_forward(&sw, 2, make_frame(2, 9, 14)), 0);
	/* It has moved. */
	ck_assert_uint_eq(net_switch_forward(&sw, 0, make_frame(3, 2, 14)), 0x8);
	ck_assert_uint_eq(net_switch_forward(&sw, 1, make_frame(2, 1, 14)), 0x1);
	/* Its port is gone, and then another is plugged in there. */
	net_switch_unplug(&sw, 0);
	ck_assert_uint_eq(net_switch_forward(&sw, 1, make_frame(2, 1, 14)), 0xc);
	net_switch_plug(&sw, 0);
	ck_assert_uint_eq(net_switch_forward(&sw, 1, make_frame(2, 1, 14)), 0xd);
	ck_assert_uint_eq(net_switch_forward(&sw, 2, make_frame(1, 9, 14)), 0x2);
}
END_TEST

START_TEST(switch_forgets_the_oldest)
{
	struct net_switch sw = {0};
	uint8_t frame[14] = {2};

	net_switch_plug(&sw, 0);
	net_switch_plug(&sw, 1);
	net_switch_plug(&sw, 2);
	for (unsigned i = 0; i < 1000; i++) {
		memcpy(frame + 6, "\2\0\0\0", 4);
		frame[10] = (uint8_t)(i >> 8);
		frame[11] = (uint8_t)i;
		net_switch_forward(&sw, 0, frame);
		ck_assert_uint_le(sw.nr, NET_STATIONS);
	}
	memcpy(frame, frame + 6, 6);
	frame[6 + 4] = 0xff;
	ck_assert_uint_eq(net_switch_forward(&sw, 1, frame), 1);
	memcpy(frame, "\2\0\0\0\0\0", 6);
	ck_assert_uint_eq(net_switch_forward(&sw, 1, frame), 5);
	/* A group is no sender. */
	memset(frame + 6, 0xff, 6);
	net_switch_forward(&sw, 2, frame);
	memset(frame, 0xff, 6);
	ck_assert_uint_eq(net_switch_forward(&sw, 1, frame), 5);
}
END_TEST

/* --- the hub ------------------------------------------------------------------------------------- */

static struct net_backend *open_net(const char *word)
{
	struct net_backend *b;
	char why[NET_WHY_BYTES];
	char text[200];

	snprintf(text, sizeof(text), "%s%s", word, word[strlen(word) - 1] == ':' ? path : "");
	right(text);
	ck_assert_msg(!net_open(&spec, NULL, &b, why), "%s: %s", text, why);
	return b;
}

static void say(struct net_backend *b, uint8_t to, uint32_t n)
{
	ck_assert_int_eq(b->ops->send(b, make_frame(to, (uint8_t)b->seat, n), n), 0);
}

/* The next frame that b has is this one. */
static void hears(struct net_backend *b, uint8_t to, uint8_t from, uint32_t n)
{
	ck_assert_int_eq(b->ops->receive(b, buf, sizeof(buf)), (int)n);
	ck_assert_mem_eq(buf, make_frame(to, from, n), n);
}

static void hears_nothing(struct net_backend *b)
{
	ck_assert_int_eq(b->ops->receive(b, buf, sizeof(buf)), -EAGAIN);
}

/* One round of waiting; how many descriptors were ready. */
static int wait_for(struct net_backend *b, int ms)
{
	struct net_poll p = {.wait_ns = UINT64_MAX};
	int ready;

	ck_assert_int_eq(b->ops->poll(b, &p, true), 0);
	ready = poll(p.fd, p.nr, ms);
	if (b->ops->polled)
		b->ops->polled(b, p.fd, p.nr);
	net_poll_free(&p);
	return ready;
}

START_TEST(hub_of_three)
{
	struct net_backend *a = open_net("hub:"), *b = open_net("hub:"), *c = open_net("hub:");

	ck_assert_uint_eq(a->seat, 0);
	ck_assert_uint_eq(b->seat, 1);
	ck_assert_uint_eq(c->seat, 2);
	hears_nothing(a);
	ck_assert_int_eq(wait_for(a, 0), 0);
	say(b, 0xff, 60);
	ck_assert_int_eq(wait_for(a, 1000), 1);
	hears(a, 0xff, 1, 60);
	hears(c, 0xff, 1, 60);
	hears_nothing(b);
	/* Where b is they know, so c does not hear this. */
	say(a, 1, 1514);
	hears(b, 1, 0, 1514);
	hears_nothing(c);
	say(b, 0, NET_BYTES_MAX);
	hears(a, 0, 1, NET_BYTES_MAX);
	net_close(a);
	net_close(b);
	net_close(c);
}
END_TEST

START_TEST(hub_without_its_first)
{
	struct net_backend *a = open_net("hub:"), *b = open_net("hub:"), *c = open_net("hub:");

	say(a, 0xff, 60);
	hears(b, 0xff, 0, 60);
	hears(c, 0xff, 0, 60);
	net_close(a);
	say(b, 0, 100); /* this one is lost, and b learns that nobody is there */
	say(b, 0, 100);
	hears(c, 0, 1, 100);
	say(c, 1, 100);
	hears(b, 1, 2, 100);
	/* Somebody else takes the seat and is heard. */
	a = open_net("hub:");
	ck_assert_uint_eq(a->seat, 0);
	say(b, 0xff, 70);
	hears(a, 0xff, 1, 70);
	hears(c, 0xff, 1, 70);
	say(a, 1, 80);
	hears(b, 1, 0, 80);
	net_close(c);
	net_close(b);
	net_close(a);
}
END_TEST

/* An owner who was killed leaves his socket behind. */
START_TEST(hub_with_a_dead_seat)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct net_backend *a, *b;
	struct stat st;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s.0", path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	a = open_net("hub:");
	ck_assert_uint_eq(a->seat, 1);
	close(fd);
	b = open_net("hub:");
	ck_assert_uint_eq(b->seat, 0);
	ck_assert_int_eq(stat(addr.sun_path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	say(a, 0xff, 60);
	hears(b, 0xff, 1, 60);
	net_close(a);
	net_close(b);
}
END_TEST

/* A file that is there is not ours to remove. */
START_TEST(hub_leaves_files_alone)
{
	struct net_backend *b;
	char name[128], why[NET_WHY_BYTES];
	FILE *f;

	snprintf(name, sizeof(name), "%s.0", path);
	f = fopen(name, "w");
	ck_assert_ptr_nonnull(f);
	fclose(f);
	b = open_net("hub:");
	ck_assert_uint_eq(b->seat, 1);
	net_close(b);
	ck_assert_int_eq(unlink(name), 0);
	right("hub:/nowhere/at/all");
	ck_assert_int_eq(net_open(&spec, NULL, &b, why), -ENOENT);
	ck_assert_ptr_nonnull(strstr(why, "/nowhere/at/all"));
}
END_TEST

/* Who does not read gets some of it later, in order, and the sender does not wait for him. */
START_TEST(hub_with_a_slow_reader)
{
	struct net_backend *a = open_net("hub:"), *b = open_net("hub:");
	unsigned got = 0;

	for (unsigned i = 0; i < 1000; i++)
		say(a, 0xff, 60 + i);
	while (b->ops->receive(b, buf, sizeof(buf)) > 0 || wait_for(a, 0) > 0) {
		if (b->ops->receive(b, buf, sizeof(buf)) == -EAGAIN)
			continue;
		got++;
		ck_assert_uint_lt(got, 1000);
	}
	ck_assert_uint_gt(got, 100);
	/* And then all is as before. */
	say(a, 0xff, 60);
	hears(b, 0xff, 0, 60);
	net_close(a);
	net_close(b);
}
END_TEST

START_TEST(hub_hears_no_strangers)
{
	struct net_backend *a = open_net("hub:");
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	char junk[100] = "lg1\xff";

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s.0", path);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(send(fd, junk, sizeof(junk), 0), sizeof(junk)); /* no such seat */
	junk[3] = 0;
	ck_assert_int_eq(send(fd, junk, sizeof(junk), 0), sizeof(junk)); /* our own */
	junk[3] = 1;
	ck_assert_int_eq(send(fd, junk, 17, 0), 17); /* too short */
	ck_assert_int_eq(send(fd, junk, 0, 0), 0);
	junk[0] = 'L';
	ck_assert_int_eq(send(fd, junk, sizeof(junk), 0), sizeof(junk));
	hears_nothing(a);
	junk[0] = 'l';
	ck_assert_int_eq(send(fd, junk, 18, 0), 18);
	ck_assert_int_eq(a->ops->receive(a, buf, sizeof(buf)), 14);
	close(fd);
	net_close(a);
}
END_TEST

/* --- the stream ---------------------------------------------------------------------------------- */

static int other; /* the end of the pair that is not ours */

static struct net_backend *open_stream(void)
{
	struct net_backend *b;
	int fd[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	other = fd[1];
	ck_assert_int_eq(net_stream_adopt(fd[0], &b), 0);
	return b;
}

static void put(const void *p, size_t n)
{
	ck_assert_int_eq(write(other, p, n), (ssize_t)n);
}

START_TEST(stream_framing)
{
	struct net_backend *b = open_stream();
	const uint8_t *frame = make_frame(1, 2, 60);

	ck_assert_int_eq(b->ops->send(b, frame, 60), 0);
	ck_assert_int_eq(read(other, buf, sizeof(buf)), 64);
	ck_assert_mem_eq(buf, "\0\0\0\x3c", 4);
	ck_assert_mem_eq(buf + 4, frame, 60);

	hears_nothing(b);
	/* In pieces, and two at once, and an empty one. */
	put("\0\0", 2);
	hears_nothing(b);
	put("\0\x3c", 2);
	put(frame, 59);
	hears_nothing(b);
	put(frame + 59, 1);
	put("\0\0\0\0\0\0\0\x10", 8);
	put(frame, 16);
	put("\0", 1);
	ck_assert_int_eq(wait_for(b, 1000), 1);
	hears(b, 1, 2, 60);
	hears(b, 1, 2, 16);
	hears_nothing(b);
	close(other);
	ck_assert_int_eq(b->ops->receive(b, buf, sizeof(buf)), -EPIPE);
	ck_assert_int_eq(b->ops->receive(b, buf, sizeof(buf)), -EPIPE);
	ck_assert_int_ne(b->ops->send(b, frame, 60), 0);
	ck_assert_int_eq(wait_for(b, 0), 0);
	net_close(b);
}
END_TEST

START_TEST(stream_that_is_none)
{
	struct net_backend *b = open_stream();

	put("HTTP/1.1 400 Bad Request", 24);
	ck_assert_int_eq(b->ops->receive(b, buf, sizeof(buf)), -EPROTO);
	close(other);
	net_close(b);
}
END_TEST

/* A reader who does not read loses whole frames, and what he gets is still a stream of frames. */
START_TEST(stream_with_a_slow_reader)
{
	struct net_backend *b = open_stream(), *reader;
	unsigned got = 0;
	int n, last = 59;

	ck_assert_int_eq(net_stream_adopt(other, &reader), 0);
	for (uint32_t i = 60; i < 3000; i++)
		ck_assert_int_eq(b->ops->send(b, make_frame(1, 2, i), i), 0);
	do {
		while ((n = reader->ops->receive(reader, buf, sizeof(buf))) > 0) {
			ck_assert_int_gt(n, last);
			last = n;
			ck_assert_mem_eq(buf, make_frame(1, 2, (uint32_t)n), (size_t)n);
			got++;
		}
	} while (wait_for(b, 0) > 0);
	ck_assert_uint_gt(got, 100);
	ck_assert_uint_lt(got, 2940);
	say(b, 1, 60);
	hears(reader, 1, 0, 60);
	net_close(b);
	net_close(reader);
}
END_TEST

START_TEST(stream_with_nobody)
{
	struct net_backend *b;
	char why[NET_WHY_BYTES], text[128];

	snprintf(text, sizeof(text), "stream:%s", path);
	right(text);
	ck_assert_int_eq(net_open(&spec, NULL, &b, why), -ENOENT);
	ck_assert_ptr_nonnull(strstr(why, path));
	right("stream:127.0.0.1:1");
	ck_assert_int_lt(net_open(&spec, NULL, &b, why), 0);
	right("stream:no-colon-and-no-slash");
	ck_assert_int_eq(net_open(&spec, NULL, &b, why), -ENOENT);
}
END_TEST

/* --- the capture --------------------------------------------------------------------------------- */

START_TEST(capture)
{
	static const uint8_t want[] = {/* header */
				       0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0,
				       0, 0, 1, 0, 1, 0, 0, 0,
				       /* 3 s and 7 ns, 2 bytes */
				       3, 0, 0, 0, 7, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 0xaa, 0xbb};
	struct pcap *pcap;
	FILE *f;

	ck_assert_int_eq(pcap_create(path, &pcap), 0);
	pcap_write(pcap, 3000000007, (const uint8_t *)"\xaa\xbb", 2);
	ck_assert_int_eq(pcap_close(pcap), 0);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fread(buf, 1, sizeof(buf), f), sizeof(want));
	fclose(f);
	ck_assert_mem_eq(buf, want, sizeof(want));
	unlink(path);
	ck_assert_int_eq(pcap_create("/nowhere/at/all", &pcap), -ENOENT);
	ck_assert_ptr_null(pcap);
	ck_assert_int_eq(pcap_close(NULL), 0);
}
END_TEST

START_TEST(capture_on_a_full_disk)
{
	struct pcap *pcap;

	if (pcap_create("/dev/full", &pcap))
		return;
	ck_assert_int_ne(pcap_close(pcap), 0);
}
END_TEST

/* --- address translation ------------------------------------------------------------------------- */

static uint64_t now_ns;

static uint64_t clock_ns(void *ctx)
{
	return *(uint64_t *)ctx;
}

static int open_user(const char *text, struct net_backend **b, char why[NET_WHY_BYTES])
{
	const struct net_env env = {clock_ns, &now_ns};

	right(text);
	return net_open(&spec, &env, b, why);
}

/* "Who has 10.0.2.2?", and the router says so. */
START_TEST(user_answers)
{
	static const uint8_t ask[42] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0,  0, 0, 0,  7, 8, 6, 0, 1, 8, 0,  6, 4, 0,
		1,    2,    0,	  0,	0,    0,    7, 10, 0, 2, 15, 0, 0, 0, 0, 0, 0, 10, 0, 2, 2};
	struct net_backend *b;
	char why[NET_WHY_BYTES];

	if (!net_has_user()) {
		ck_assert_int_eq(open_user("user", &b, why), -ENOSYS);
		ck_assert_ptr_nonnull(strstr(why, "libslirp"));
		return;
	}
	ck_assert_int_eq(open_user("user,hostfwd=tcp::41798-:22", &b, why), 0);
	hears_nothing(b);
	wait_for(b, 0);
	ck_assert_int_eq(b->ops->send(b, ask, sizeof(ask)), 0);
	ck_assert_int_ge(b->ops->receive(b, buf, sizeof(buf)), 42);
	ck_assert_uint_eq(buf[21], 2);
	ck_assert_mem_eq(buf + 28, "\x0a\0\2\2", 4);
	hears_nothing(b);
	now_ns += 5000000000;
	wait_for(b, 0);
	/* Nonsense is let pass, and nothing comes of it. */
	memset(buf, 0xff, 1514);
	for (uint32_t n = 14; n < 1514; n += 50)
		ck_assert_int_eq(b->ops->send(b, buf, n), 0);
	net_close(b);
}
END_TEST

START_TEST(user_port_is_taken)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct net_backend *b;
	char why[NET_WHY_BYTES], text[80];

	if (!net_has_user())
		return;
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	snprintf(text, sizeof(text), "user,hostfwd=tcp::%u-:22", ntohs(addr.sin_port));
	ck_assert_int_eq(open_user(text, &b, why), -EADDRINUSE);
	ck_assert_ptr_nonnull(strstr(why, "cannot listen on TCP port"));
	close(fd);
}
END_TEST

START_TEST(no_outside)
{
	struct net_backend *b;
	char why[NET_WHY_BYTES];

	right("none");
	ck_assert_int_eq(net_open(&spec, NULL, &b, why), 0);
	ck_assert_ptr_null(b);
	right("hub");
	ck_assert_int_eq(net_open(&spec, NULL, &b, why), 0);
	ck_assert_ptr_null(b);
	net_close(NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("net backends");
	TCase *t = tcase_create("net backends");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	suite_add_tcase(s, t);
	tcase_add_test(t, words);
	tcase_add_test(t, wrong_words);
	tcase_add_test(t, words_of_the_original);
	tcase_add_test(t, switch_learns);
	tcase_add_test(t, switch_forgets_the_oldest);
	tcase_add_test(t, hub_of_three);
	tcase_add_test(t, hub_without_its_first);
	tcase_add_test(t, hub_with_a_dead_seat);
	tcase_add_test(t, hub_leaves_files_alone);
	tcase_add_test(t, hub_with_a_slow_reader);
	tcase_add_test(t, hub_hears_no_strangers);
	tcase_add_test(t, stream_framing);
	tcase_add_test(t, stream_that_is_none);
	tcase_add_test(t, stream_with_a_slow_reader);
	tcase_add_test(t, stream_with_nobody);
	tcase_add_test(t, capture);
	tcase_add_test(t, capture_on_a_full_disk);
	tcase_add_test(t, user_answers);
	tcase_add_test(t, user_port_is_taken);
	tcase_add_test(t, no_outside);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
