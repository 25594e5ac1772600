/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:400 The assembler's own paragraph. :*/
/*S:100 To the Guest. */
switch_to_guest:
	/*S-like but not a mark */
	iret
/*:*/
/*H:100 Later in the Host's chapter, from another file. :*/
