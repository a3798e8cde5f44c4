/* SPDX-License-Identifier: BSD-2-Clause */
/* The files of a run, seen together: none may be written over by another part of it. */
#pragma once

#include "cmd/outputs.h"

/*
 * Whether all files that the run would write, the checkpoint (NULL: none) among them, are others
 * than the ones it reads and than each other, by whatever name and links. Touches none of them.
 * 0; ERR_USAGE, `e` naming the file and the options; -ENOMEM.
 */
int files_check(const struct opts *o, const struct outputs *w, const char *checkpoint,
	struct err *e) MUST_CHECK;
