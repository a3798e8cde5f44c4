/* SPDX-License-Identifier: BSD-2-Clause */
/* The frames of a checkpoint: records as bytes and back. Pure. */
#pragma once

#include "base/buf.h"
#include "model/rec.h"

#define FRAME_HEAD    8		 /* bytes before the body: its length and its checksum */
#define FRAME_MAX     (1u << 25) /* longest body: 65,536 ports of four protocols fit well */
#define FRAME_OWNED   8
#define FRAME_MAGIC   "sonde checkpoint "
#define FRAME_VERSION "1\n" /* of the format; a file begins with both */

/* A text with what belongs to it. */
struct frame_item {
	const char *text;
	const char *value; /* or NULL */
	uint64_t number;
};

struct frame_list {
	const struct frame_item *v;
	size_t n;
};

/* What a run needs to be made once more. */
struct frame_start {
	const char *version;   /* of the program: numbers of states and reasons are its own */
	const char *directory; /* that relative names are relative to */
	uint64_t seed, start_wall_ns;
	bool privileged;
	struct frame_list args;	    /* argv as given, the program's name first */
	struct frame_list settings; /* of configuration files: key and value */
	struct frame_list inputs;   /* files with targets: name, and a hash of the content */
	struct frame_list outputs;  /* files: name, and the bytes that were there before */
};

enum frame_kind { FRAME_START = 1, FRAME_VERDICTS, FRAME_HOST, FRAME_END };

/* One frame taken apart, or to be written: the member of its kind. */
struct frame {
	enum frame_kind kind;
	struct frame_start start;
	struct rec_verdicts verdicts;
	struct rec_host host;
	/* of a frame that was read */
	struct rec_trace trace;
	void *owned[FRAME_OWNED];
	unsigned n_owned;
};

/* Appends the frame to *b; when memory runs out or it is longer than FRAME_MAX, b->failed is set.
 */
void frame_write(struct buf *b, const struct frame *f);
/* Length of the body by its FRAME_HEAD bytes; 0 = this begins no frame. */
size_t frame_body(const uint8_t head[FRAME_HEAD]);
/*
 * Reads the frame that data[0..len) is: FRAME_HEAD bytes and the body. Texts in *f are borrowed
 * from data, arrays are owned by it. 0; ERR_PARSE when anything is wrong with it; -ENOMEM.
 * frame_free in any case.
 */
int frame_read(struct frame *f, const uint8_t *data, size_t len) MUST_CHECK;
/* The same for the body alone. */
int frame_decode(struct frame *f, const uint8_t *body, size_t len) MUST_CHECK;
void frame_free(struct frame *f);
