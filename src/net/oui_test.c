/* SPDX-License-Identifier: BSD-2-Clause */
/* Vendors beside what another program reads out of the same files; files of every format. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/oui.h"

#define HWDB "/usr/lib/udev/hwdb.d/20-OUI.hwdb"

static struct mac parse_mac(const char *text)
{
	struct mac m = {0};

	assert_int_equal(sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &m.b[0], &m.b[1],
				 &m.b[2], &m.b[3], &m.b[4], &m.b[5]),
		6);
	return m;
}

static const char *vendor(const struct oui *o, const char *mac)
{
	struct mac m = parse_mac(mac);
	const char *name = oui_vendor(o, &m);

	return name ? name : "-";
}

static struct oui *open_file(const char *path)
{
	struct oui *o;
	struct err e = {0};

	if (oui_open(&o, path, &e) < 0)
		fail_msg("%s", e.text);
	return o;
}

/* A file of these bytes; the name is in `path`. */
static void write_file(char path[32], const char *text)
{
	int fd;

	strcpy(path, "/tmp/oui_test.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static struct oui *open_text(const char *text)
{
	char path[32];
	struct oui *o;

	write_file(path, text);
	o = open_file(path);
	assert_string_equal(oui_source(o), path);
	unlink(path);
	return o;
}

/* Registered long ago and never to change. */
static void test_known_vendors(void **state)
{
	struct oui *o = open_file(NULL);

	if (!oui_count(o)) {
		oui_free(o);
		skip();
	}
	print_message("%zu blocks from %s\n", oui_count(o), oui_source(o));
	assert_true(oui_count(o) > 30000);
	assert_non_null(strstr(vendor(o, "00:00:00:12:34:56"), "XEROX"));
	assert_non_null(strstr(vendor(o, "00:00:0c:00:00:01"), "Cisco"));
	assert_non_null(strstr(vendor(o, "00:50:56:c0:00:08"), "VMware"));
	assert_non_null(strstr(vendor(o, "b8:27:eb:00:00:00"), "Raspberry Pi"));
	assert_string_equal(vendor(o, "02:42:ac:11:00:02"), "-");
	oui_free(o);
}

/*
 * Reads the file in another language and by the definition (a dictionary a length), and prints
 * 10,000 addresses: half of them in blocks that are there.
 */
static const char script[] =
	"import random,re,sys\n"
	"d,key={},None\n"
	"for l in open(sys.argv[1],encoding='utf8'):\n"
	"  m=re.match(r'OUI:([0-9A-F]+)\\*$',l)\n"
	"  if m: key=m[1]\n"
	"  m=re.match(r' ID_OUI_FROM_DATABASE=(.*)$',l)\n"
	"  if m: d[key]=m[1].strip()\n"
	"random.seed(5)\n"
	"keys=sorted(d)\n"
	"for i in range(10000):\n"
	"  k=random.choice(keys) if i%2 else ''\n"
	"  k+=''.join(random.choice('0123456789ABCDEF') for _ in range(12-len(k)))\n"
	"  if int(k[1],16)&2: name='-'\n"
	"  else: name=next((d[k[:n]] for n in (9,7,6) if k[:n] in d),'-')\n"
	"  print(':'.join(k[j:j+2] for j in range(0,12,2)),name)\n";

static void test_as_python_reads(void **state)
{
	char line[512], path[32], command[128];
	unsigned count = 0, named = 0;
	struct oui *o;
	FILE *f;

	if (access(HWDB, R_OK) != 0 || access("/usr/bin/python3", X_OK) != 0)
		skip();
	write_file(path, script);
	snprintf(command, sizeof(command), "PYTHONIOENCODING=utf8 /usr/bin/python3 %s " HWDB, path);
	o = open_file(NULL);
	assert_string_equal(oui_source(o), HWDB);
	f = popen(command, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		assert_string_equal(vendor(o, line), line + 18);
		named += line[18] != '-';
		count++;
	}
	assert_int_equal(pclose(f), 0);
	unlink(path);
	assert_int_equal(count, 10000);
	assert_true(named > 4000);
	oui_free(o);
}

/* The three lists of the IEEE hold as many blocks as lines that say so; a few are in twice. */
static void test_ieee_files(void **state)
{
	static const struct {
		const char *path, *mac, *name;
	} files[] = {
		{"/usr/share/ieee-data/oui.txt", "00:22:72:00:00:00",
			"American Micro-Fuel Device Corp."},
		{"/usr/share/ieee-data/mam.txt", "20:85:93:bc:de:f0", "IOG Products LLC"},
		{"/usr/share/ieee-data/iab.txt", "00:50:c2:7d:5a:bc", "DEUTA-WERKE GmbH"},
	};
	struct oui *o;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		if (access(files[i].path, R_OK) != 0)
			skip();
		o = open_file(files[i].path);
		assert_string_equal(vendor(o, files[i].mac), files[i].name);
		assert_true(oui_count(o) > 4000);
		oui_free(o);
	}
}

static void test_nmap_file(void **state)
{
	struct oui *o;

	if (access("/usr/share/nmap/nmap-mac-prefixes", R_OK) != 0)
		skip();
	o = open_file("/usr/share/nmap/nmap-mac-prefixes");
	assert_string_equal(vendor(o, "00:00:0c:01:02:03"), "Cisco Systems");
	assert_non_null(strstr(vendor(o, "52:54:00:01:02:03"), "QEMU"));
	oui_free(o);
}

static void test_plain_lines(void **state)
{
	struct oui *o = open_text("# comment\n\n"
				  "001BC5 Whole\r\n"
				  "001BC51\tHalf\n"
				  "00:1b:c5:12:30:00/36\tShort\tLong name\n"
				  "00-1B-C5-12-34-56 Mine\n"
				  "020000\tLab\n"
				  "001BC5 Whole again");

	assert_int_equal(oui_count(o), 5);
	assert_string_equal(vendor(o, "00:1b:c5:00:00:00"), "Whole again");
	assert_string_equal(vendor(o, "00:1b:c5:1f:00:00"), "Half");
	assert_string_equal(vendor(o, "00:1b:c5:12:3f:ff"), "Long name");
	assert_string_equal(vendor(o, "00:1b:c5:12:34:56"), "Mine");
	assert_string_equal(vendor(o, "00:1b:c5:12:34:57"), "Long name");
	assert_string_equal(vendor(o, "02:00:00:12:34:57"), "Lab");
	assert_string_equal(vendor(o, "00:1b:c6:12:34:57"), "-");
	oui_free(o);
}

static void test_hwdb_lines(void **state)
{
	struct oui *o = open_text("OUI:001122*\n ID_OUI_FROM_DATABASE=A  \n\n"
				  "OUI:0011223*\n ID_OUI_FROM_DATABASE=B\n"
				  "OUI:0011\n ID_OUI_FROM_DATABASE=never\n"
				  "OUI:001133*\n ID_SOMETHING_ELSE=never\n ID_OUI_FROM_DATABASE=C");

	assert_int_equal(oui_count(o), 3);
	assert_string_equal(vendor(o, "00:11:22:00:00:00"), "A");
	assert_string_equal(vendor(o, "00:11:22:30:00:00"), "B");
	assert_string_equal(vendor(o, "00:11:33:30:00:00"), "C");
	oui_free(o);
}

static void refused(const char *text, const char *why)
{
	char path[32];
	struct err e = {0};
	struct oui *o;

	write_file(path, text);
	assert_int_equal(oui_open(&o, path, &e), ERR_PARSE);
	unlink(path);
	assert_null(o);
	if (!strstr(e.text, why) || !strstr(e.text, path))
		fail_msg("%s: %s", why, e.text);
}

static void test_bad_files(void **state)
{
	struct err e = {0};
	struct oui *o;

	refused("", "no vendors");
	refused("# nothing\n", "no vendors");
	refused("00000C Cisco\nhello world\n", "line 2");
	refused("00000C\n", "line 1");
	refused("00000C/60 X\n", "line 1");
	refused("00000C/28 X\n", "line 1");
	refused("0000 X\n", "line 1");
	refused("OUI:0000\n", "no vendors");
	refused("\x7f"
		"ELF\x01\x02",
		"line 1");
	assert_true(oui_open(&o, "/nonexistent/file", &e) < 0);
	assert_non_null(strstr(e.text, "/nonexistent/file"));
	assert_true(oui_open(&o, "/", &e) < 0);
}

static void test_time_printed(void **state)
{
	uint64_t start = clock_now(clock_real());
	struct oui *o = open_file(NULL);

	print_message("read in %.1f ms\n", (double)(clock_now(clock_real()) - start) / 1e6);
	oui_free(o);
}

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_vendors), cmocka_unit_test(test_as_python_reads),
		cmocka_unit_test(test_ieee_files),    cmocka_unit_test(test_nmap_file),
		cmocka_unit_test(test_plain_lines),   cmocka_unit_test(test_hwdb_lines),
		cmocka_unit_test(test_bad_files),     cmocka_unit_test(test_time_printed),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
