/* SPDX-License-Identifier: BSD-2-Clause */
/* Capabilities by libcap-ng. */
#include "cmd/caps.h"

#include <cap-ng.h>
#include <unistd.h>

bool caps_raw(void)
{
	return capng_get_caps_process() == 0 && capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_RAW);
}

void caps_text(struct buf *out)
{
	static const unsigned wanted[] = {
		CAP_NET_RAW, CAP_NET_ADMIN, CAP_NET_BIND_SERVICE, CAP_BPF, CAP_SYS_ADMIN};
	size_t before = out->len;

	if (capng_get_caps_process() < 0) {
		buf_str(out, "unknown");
		return;
	}
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (capng_have_capability(CAPNG_EFFECTIVE, wanted[i]))
			buf_fmt(out, "%s%s", out->len > before ? " " : "",
				capng_capability_to_name(wanted[i]));
	}
	if (out->len == before)
		buf_str(out, "none");
}

void caps_remedy(struct buf *out)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	path[n > 0 ? n : 0] = '\0';
	buf_fmt(out, "sudo setcap cap_net_raw+ep %s", n > 0 ? path : "sonde");
}
